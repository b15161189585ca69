/**
 * What an attempt came to, and the errors by which a handler says so. What follows from an outcome is
 * decided in `settle.ts`.
 */
import { storableText } from "./storable.ts";

export interface OutcomeError {
  message: string;
  stack: string | null;
}

export type Outcome =
  | { kind: "succeeded"; result: unknown }
  /** The attempt had an error; another may follow. `retryAfterMs` replaces the back-off. */
  | { kind: "errored"; error: OutcomeError; retryAfterMs?: number }
  /** No further attempt can help. */
  | { kind: "failed"; error: OutcomeError }
  /** Not now: back in `delayMs`, without an error, and the attempt is not counted. */
  | { kind: "snoozed"; delayMs: number }
  | { kind: "cancelled" }
  /** Not run to its end because the worker stops: given back, and the attempt is not counted. */
  | { kind: "given-back" };

/** Thrown by a handler when no further attempt can help: the task fails at once. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
}

/** Thrown by a handler that knows when to try again: the delay replaces the back-off, the attempt counts. */
export class RetryAfter extends Error {
  override readonly name = "RetryAfter";
  readonly delayMs: number;

  constructor(delayMs: number, message: string) {
    super(message);
    this.delayMs = delayMs;
  }
}

/**
 * Thrown by a handler whose time has not come, such as before an office opens: the task comes back in `delayMs`, no
 * error is kept and the attempt is not counted. So a task may snooze for ever; bound it by what it waits for.
 */
export class Snooze extends Error {
  override readonly name = "Snooze";
  readonly delayMs: number;

  constructor(delayMs: number, message = "snoozed") {
    super(message);
    this.delayMs = delayMs;
  }
}

const maxMessageLength = 2_000;
const maxStackLength = 8_000;

/** Turns whatever a handler threw into an outcome; texts are bounded, for they are stored with the task. */
export function outcomeOfError(thrown: unknown): Outcome {
  if (thrown instanceof Snooze) return { kind: "snoozed", delayMs: thrown.delayMs };
  const error = describeError(thrown);
  if (thrown instanceof PermanentError) return { kind: "failed", error };
  if (thrown instanceof RetryAfter) return { kind: "errored", error, retryAfterMs: thrown.delayMs };
  return { kind: "errored", error };
}

function describeError(thrown: unknown): OutcomeError {
  if (!(thrown instanceof Error))
    return { message: storableText(String(thrown), maxMessageLength), stack: null };
  return {
    message: storableText(thrown.message || thrown.name, maxMessageLength),
    stack: thrown.stack === undefined ? null : storableText(thrown.stack, maxStackLength),
  };
}
