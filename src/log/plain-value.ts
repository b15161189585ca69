/**
 * Makes anything that is logged fit for JSON, secrets blanked out. Never throws: a log line must not be what
 * fails a task. How a line looks is `json-line.ts` and `pretty-line.ts`.
 */
import type { Redact } from "./redactor.ts";

export type PlainValue = string | number | boolean | null | PlainValue[] | { [key: string]: PlainValue };

/** Deeper than this nobody reads, and a chain of causes or a parse tree would fill the disk. */
const maxDepth = 8;

/** Undefined for what JSON leaves out too: undefined, functions, symbols. Big integers that fit become numbers. */
export function toPlain(value: unknown, redact: Redact): PlainValue | undefined {
  return plain(value, redact, []);
}

function plain(value: unknown, redact: Redact, parents: readonly object[]): PlainValue | undefined {
  switch (typeof value) {
    case "string":
      return redact(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "boolean":
      return value;
    case "object":
      return value === null ? null : plainObject(value, redact, parents);
    default:
      return undefined;
  }
}

function plainObject(value: object, redact: Redact, parents: readonly object[]): PlainValue | undefined {
  if (parents.includes(value)) return "[circular]";
  if (parents.length >= maxDepth) return "[deeper]";
  const inside = [...parents, value];
  try {
    if (value instanceof Error) return plainError(value, redact, inside);
    if (value instanceof Map || value instanceof Set) return plain([...value], redact, inside);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) return value.map((item) => plain(item, redact, inside) ?? null);
    if ("toJSON" in value && typeof value.toJSON === "function") return plain(value.toJSON(), redact, inside);
    return plainEntries(Object.entries(value), redact, inside);
  } catch {
    return "[unreadable]"; // A getter or toJSON of somebody else's object threw.
  }
}

function plainEntries(entries: [string, unknown][], redact: Redact, inside: readonly object[]) {
  const made = entries.map(([key, value]) => [redact(key), plain(value, redact, inside)] as const);
  return Object.fromEntries(made.filter((entry): entry is [string, PlainValue] => entry[1] !== undefined));
}

/** Not the error's other properties: a driver's hold the statement and its parameters. */
function plainError(error: Error, redact: Redact, inside: readonly object[]): PlainValue {
  const code = "code" in error ? error.code : undefined;
  const errors = error instanceof AggregateError ? error.errors : undefined;
  const { name, message, stack, cause } = error;
  return plainEntries(Object.entries({ name, message, code, stack, cause, errors }), redact, inside);
}
