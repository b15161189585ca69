/** What a program's end means: its output as a result, its exit code and last lines as an error. */
import type { Subprocess } from "bun";
import { checkNesting } from "../../task/new-task.ts";
import { PermanentError } from "../../task/outcome.ts";

/** EX_DATAERR of sysexits.h: the payload is at fault, so that no further attempt can help. */
const permanentExitCode = 65;
/** As much of a line as is told. */
export const maxLineLength = 2_000;
/** The last lines of the standard error, which explain an error. */
export const keptLines = 20;

/** JSON, where it is that; else the text. */
export function resultOf(text: string): unknown {
  if (text === "") return null;
  try {
    const value: unknown = JSON.parse(text);
    // Deeper than Postgres bears it is stored as text.
    checkNesting(value);
    return value;
  } catch {
    return text;
  }
}

/** The last ones of a text, as `errorOf` takes them. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .slice(-keptLines)
    .map((line) => line.slice(0, maxLineLength));
}

/** The message is stored with the task: what ended it, and its last words. The lines before stand where a stack would. */
export function errorOf({ exitCode, signalCode }: Subprocess, lines: string[]): Error {
  const ended = signalCode === null ? `exit code ${exitCode}` : `ended by ${signalCode}`;
  const last = lines.at(-1);
  const message = last === undefined ? ended : `${ended}: ${last}`;
  const error = exitCode === permanentExitCode ? new PermanentError(message) : new Error(message);
  if (lines.length > 0) error.stack = lines.join("\n");
  else delete error.stack;
  return error;
}
