/**
 * Bounds what handlers say and makes it fit for Postgres, which keeps neither U+0000 nor half a surrogate pair: one
 * such text would be refused with everything stored beside it. What callers say is refused instead, in `new-task.ts`.
 */
import { maxNesting, nestingOf, unstorable } from "./doors/new-task.ts";
import { messageOf } from "./thrown.ts";

/** At most `maxLength` characters of it; where that is less than all, it says so. */
export function storableText(text: string, maxLength: number): string {
  const clean = text.replaceAll("\u0000", "").toWellFormed();
  if (clean.length <= maxLength) return clean;
  return `${clean.slice(0, maxLength).toWellFormed()}… (cut, ${clean.length} characters)`;
}

/** Never throws: `fault` completes a sentence that tells why the value can't be kept. */
export function storableJson(value: unknown, maxBytes: number): { value: unknown } | { fault: string } {
  try {
    const json = JSON.stringify(value) ?? "null";
    if (Buffer.byteLength(json) > maxBytes) return { fault: `is larger than ${maxBytes} bytes` };
    const plain: unknown = JSON.parse(json);
    // A level takes two characters at least: most values need not be walked.
    if (json.length > 2 * maxNesting && nestingOf(plain) > maxNesting)
      return { fault: `is nested more than ${maxNesting} levels deep` };
    return { value: unstorable.test(json) ? cleanDeep(plain) : plain };
  } catch (error) {
    return {
      fault: `is not JSON: ${storableText(messageOf(error), 200)}`,
    };
  }
}

function cleanDeep(value: unknown): unknown {
  if (typeof value === "string") return storableText(value, value.length);
  if (Array.isArray(value)) return value.map(cleanDeep);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storableText(key, key.length), cleanDeep(inner)]),
  );
}
