/**
 * Decides what becomes of a task after an attempt. Pure: no I/O and no clock, since delays are counted from
 * the database's. The store's `complete` carries the transition out.
 */
import type { Outcome, OutcomeError } from "./outcome.ts";
import { backoffMs } from "./retry.ts";
import type { FinishedState } from "./task.ts";

export type Transition =
  | { to: "finished"; state: FinishedState; result: unknown; error: OutcomeError | null }
  /** Back to pending, due in `delayMs`. `counted: false` takes the attempt back. */
  | { to: "pending"; delayMs: number; counted: boolean; error: OutcomeError | null };

/** @param attempt the one that came to `outcome`, from 1. */
export function settle(task: { attempt: number; maxAttempts: number }, outcome: Outcome): Transition {
  switch (outcome.kind) {
    case "succeeded":
      return { to: "finished", state: "succeeded", result: outcome.result, error: null };
    case "cancelled":
      return { to: "finished", state: "cancelled", result: null, error: null };
    case "failed":
      return { to: "finished", state: "failed", result: null, error: outcome.error };
    case "given-back":
      return { to: "pending", delayMs: 0, counted: false, error: null };
    case "errored":
      if (task.attempt >= task.maxAttempts)
        return { to: "finished", state: "failed", result: null, error: outcome.error };
      return {
        to: "pending",
        delayMs: Math.max(0, Math.round(outcome.retryAfterMs ?? backoffMs(task.attempt))),
        counted: true,
        error: outcome.error,
      };
  }
}
