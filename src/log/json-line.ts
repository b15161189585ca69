/** A log line for programs: one JSON object a line. For people there is `pretty-line.ts`. */
import type { LogEntry } from "./log-entry.ts";
import type { PlainValue } from "./plain-value.ts";

/**
 * `{"time":"2026-11-24T17:39:07.123Z","level":"info","message":"...", ...fields}`. A field that has one of the
 * first three names is written as `field.time` and so on, so neither is lost.
 */
export function jsonLine({ at, level, message, fields }: LogEntry): string {
  const line: Record<string, PlainValue> = { time: at.toISOString(), level, message };
  for (const [name, value] of Object.entries(fields))
    line[Object.hasOwn(line, name) ? `field.${name}` : name] = value;
  return JSON.stringify(line);
}
