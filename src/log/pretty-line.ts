/** A log line for people. For programs there is `json-line.ts`. */
import { styleText } from "node:util";
import type { LogEntry, LogLevel } from "./log-entry.ts";
import type { PlainValue } from "./plain-value.ts";

const colours = { debug: "gray", info: "cyan", warn: "yellow", error: "red" } as const satisfies Record<
  LogLevel,
  string
>;

/**
 * `2026-11-24 17:39:07.123 INFO  message name=value`, local time. Control characters are escaped, since a server's
 * answer may be logged and must neither break the line nor steer the terminal. Only an error's stack, which is logged
 * at level error, follows on lines of its own.
 */
export function prettyLine({ at, level, message, fields }: LogEntry, colour: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const entries = Object.entries(fields);
  const words = [
    paint("dim", localTime(at)),
    paint(colours[level], level.toUpperCase().padEnd(5)),
    escapeControls(message),
    ...entries.map(([name, value]) => `${paint("dim", `${escapeControls(name)}=`)}${fieldText(value)}`),
  ];
  const stacks = level === "error" ? entries.flatMap(([, value]) => stackLines(value)) : [];
  return [words.join(" "), ...stacks.map((line) => paint("dim", `    ${line}`))].join("\n");
}

function localTime(at: Date): string {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, -1).replace("T", " ");
}

/** Bare where a reader can't mistake where it ends, else in quotes. */
export function fieldText(value: PlainValue): string {
  if (isError(value)) return fieldText(errorText(value));
  if (typeof value === "string" && /^[^\s"=\p{Cc}]+$/u.test(value)) return value;
  return escapeControls(JSON.stringify(value));
}

function stackLines(value: PlainValue): string[] {
  if (!isError(value)) return [];
  const frames = value.stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frames.map((line) => escapeControls(line.trim()));
}

type PlainError = { name: string; message: string; stack: string; cause?: PlainValue };

function isError(value: PlainValue): value is PlainError {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { name, message, stack } = value;
  return [name, message, stack].every((part) => typeof part === "string");
}

function errorText({ name, message, cause }: PlainError): string {
  const text = `${name}: ${message}`;
  return cause !== undefined && isError(cause) ? `${text} (because of ${errorText(cause)})` : text;
}

/** So that a text of somebody else's neither breaks a line nor steers the terminal. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (control) => {
    if (control === "\n") return "\\n";
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
