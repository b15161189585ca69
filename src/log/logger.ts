/**
 * The program's log: levels, format and destination, over consola. What is worth a line, and its words, is
 * `event-lines.ts` for the engine's events and the caller's affair otherwise.
 */
import { createConsola, LogLevels, type LogObject } from "consola/core";
import { jsonLine } from "./json-line.ts";
import type { LogEntry, LogLevel } from "./log-entry.ts";
import { toPlain } from "./plain-value.ts";
import { prettyLine } from "./pretty-line.ts";
import type { Redact } from "./redactor.ts";
import type { SyncStream } from "./sync-stream.ts";

export type LogFields = Readonly<Record<string, unknown>>;
export type LogMethod = (message: string, fields?: LogFields) => void;

/** A line is written when the call returns, and no call throws whatever the fields hold. */
export type Logger = Readonly<Record<LogLevel, LogMethod>>;

/** Its level may be changed at any time. */
export type LeveledLogger = Logger & { level: LogLevel };

export interface LoggerOptions {
  /** The least important level that is written. */
  level: LogLevel;
  /** `auto` is `pretty` on a terminal, else `json`. */
  format: "auto" | "pretty" | "json";
  stream: SyncStream;
  /** What must never be written is blanked out by it. */
  redact: Redact;
  /** Whether colour is allowed, see `allowsColour`; a stream that is no terminal never gets any. */
  colour: boolean;
}

export function createLogger({ level, format, stream, redact, colour }: LoggerOptions): LeveledLogger {
  const asJson = format === "json" || (format === "auto" && !stream.isTTY);
  const withColour = colour && stream.isTTY;
  const reporter = {
    log(logObject: LogObject) {
      const entry = entryOf(logObject, redact);
      stream.write(`${asJson ? jsonLine(entry) : prettyLine(entry, withColour)}\n`);
    },
  };
  const consola = createConsola({
    level: LogLevels[level],
    reporters: [reporter],
    // Consola holds repeated lines back on a timer, which an exit would lose: no two lines are that close.
    throttle: Number.NEGATIVE_INFINITY,
  });
  const method =
    (name: LogLevel): LogMethod =>
    (message, fields = {}) =>
      consola[name](message, fields);
  let current = level;
  return {
    debug: method("debug"),
    info: method("info"),
    warn: method("warn"),
    error: method("error"),
    get level() {
      return current;
    },
    set level(wanted) {
      current = wanted;
      consola.level = LogLevels[wanted];
    },
  };
}

/** What no-color.org asks for: any text in NO_COLOR forbids it. So does a terminal that says it can't. */
export function allowsColour({ NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>): boolean {
  return !NO_COLOR && TERM !== "dumb";
}

/** The arguments are those that `createLogger` gave to consola; the level is the name of the method called. */
function entryOf({ date, type, args }: LogObject, clean: (text: string) => string): LogEntry {
  const [message, fields] = args;
  const made = toPlain(fields, clean);
  return {
    at: date,
    level: type as LogLevel,
    message: clean(String(message)),
    fields: typeof made === "object" && made !== null && !Array.isArray(made) ? made : {},
  };
}
