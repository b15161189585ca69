/**
 * The lines that handlers log, as they are kept with the task: how many, how long, how they are numbered. Writing them
 * is `store/attempt/reports.ts`'s work; the worker's own log has them too, whole.
 */
import { storableJson, storableText } from "./storable.ts";
import type { Progress, TaskState } from "./task.ts";

export interface LogLine {
  /** Counts a task's lines from 1, over all of its attempts. Where numbers are missing, lines were not kept. */
  n: number;
  /** ISO 8601, by the database's clock as the worker knew it from the claim. */
  at: string;
  attempt: number;
  message: string;
  fields?: Record<string, unknown>;
}

/** A task's lines, the oldest first, and the state that it was in when they were read: a finished one logs no more. */
export interface TaskLog {
  state: TaskState;
  lines: LogLine[];
}

/** A task keeps its newest ones. */
export const keptLines = 200;
export const maxMessageLength = 2_000;
/** As JSON. */
export const maxFieldsBytes = 2_000;

/** Makes anything fit for JSON and blanks secrets out; a text becomes a text. */
export type ToPlain = (value: unknown) => unknown;

/** What a line keeps of what a handler gave it, whatever that was. Never throws. */
export function keepLine(
  message: unknown,
  fields: unknown,
  toPlain: ToPlain,
): Pick<LogLine, "message" | "fields"> {
  const kept = keepFields(toPlain(fields));
  return { message: keepText(message, toPlain), ...(kept === undefined ? {} : { fields: kept }) };
}

/** A fraction that is none counts as 0. */
export function keepProgress(fraction: number, message: unknown, toPlain: ToPlain): Progress {
  return {
    fraction: fraction > 0 ? Math.min(1, fraction) : 0,
    message: message === undefined || message === null ? null : keepText(message, toPlain),
  };
}

const keepText = (text: unknown, toPlain: ToPlain) =>
  storableText(String(toPlain(String(text))), maxMessageLength);

function keepFields(fields: unknown): LogLine["fields"] {
  if (typeof fields !== "object" || fields === null || Object.keys(fields).length === 0) return undefined;
  const kept = storableJson(fields, maxFieldsBytes);
  if ("value" in kept) return kept.value as Record<string, unknown>;
  try {
    return { cut: storableText(JSON.stringify(fields), maxFieldsBytes) };
  } catch {
    return { dropped: `what was logged ${kept.fault}` };
  }
}
