/** A log line before it is laid out. `logger.ts` makes it, `json-line.ts` and `pretty-line.ts` lay it out. */
import type { PlainValue } from "./plain-value.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogEntry {
  at: Date;
  level: LogLevel;
  /** Secrets are blanked out, here and in the fields. */
  message: string;
  fields: { [name: string]: PlainValue };
}
