/**
 * Decides what becomes of a task after an attempt. Pure: no I/O and no clock, since delays are counted from
 * the database's, and chance comes in from outside. The store's `complete` carries the transition out.
 */
import type { Outcome, OutcomeError } from "./outcome.ts";
import type { FinishedState } from "./task.ts";
import { chooseBackoff, delayOf, longestDelayMs } from "./time/backoff.ts";

export type Transition =
  | { to: "finished"; state: FinishedState; result: unknown; error: OutcomeError | null }
  /** Back to pending, due in `delayMs`. `counted: false` takes the attempt back. */
  | { to: "pending"; delayMs: number; counted: boolean; error: OutcomeError | null };

export interface SettledTask {
  /** The one that came to the outcome, from 1. */
  attempt: number;
  maxAttempts: number;
  /** The one in force, as `backoff.ts` reads it: the task's own, else its handler's. None: the default. */
  backoff?: string | null | undefined;
}

/** @param random from 0 up to 1, uniformly: places the delay within the back-off's jitter; left out, in its middle. */
export function settle(task: SettledTask, outcome: Outcome, random = 0.5): Transition {
  switch (outcome.kind) {
    case "succeeded":
      return { to: "finished", state: "succeeded", result: outcome.result, error: null };
    case "cancelled":
      return { to: "finished", state: "cancelled", result: null, error: null };
    case "failed":
      return { to: "finished", state: "failed", result: null, error: outcome.error };
    case "given-back":
      return { to: "pending", delayMs: 0, counted: false, error: null };
    case "snoozed":
      return { to: "pending", delayMs: bounded(outcome.delayMs), counted: false, error: null };
    case "errored":
      if (task.attempt >= task.maxAttempts)
        return { to: "finished", state: "failed", result: null, error: outcome.error };
      return {
        to: "pending",
        delayMs: bounded(outcome.retryAfterMs ?? delayOf(chooseBackoff(task.backoff), task.attempt, random)),
        counted: true,
        error: outcome.error,
      };
  }
}

/** What handlers ask for comes from anywhere, such as a server's header; the database refuses what is no time. */
const bounded = (ms: number) => (ms > 0 ? Math.min(Math.round(ms), longestDelayMs) : 0);
