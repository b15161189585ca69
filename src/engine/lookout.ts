/**
 * Looks once in a poll interval whether anything is there for the parts that wait for a time or for tasks, and wakes those
 * that have something to do, so that a worker at rest asks one question instead of one a part. Hints wake them sooner, and
 * each sleeps by itself until what it has seen is due.
 */
import type { Store } from "../store/connection.ts";
import { lookOut } from "../store/look-out.ts";
import { jitter } from "./loop.ts";

export interface LookoutOptions {
  store: Store;
  queues: string[];
  pollIntervalMs: number;
  /** Before the next look a future task is due, a schedule has a tick, or a hold ends. */
  wake: (part: "promoter" | "scheduler" | "holdWatch") => void;
  /** Tasks wait for others, or rows of waits are left. */
  onWaiting: () => void;
  /** A queue that this worker serves has limits. */
  onLimited: () => void;
}

export class Lookout {
  readonly #options: LookoutOptions;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  async runOnce(): Promise<number> {
    const { store, queues, pollIntervalMs, wake, onWaiting, onLimited } = this.#options;
    const { taskInMs, tickInMs, holdInMs, anyWaiting, anyLimited } = await lookOut(store, queues);
    const nextLookInMs = jitter(pollIntervalMs);
    const isSoon = (inMs: number | null) => inMs !== null && inMs <= nextLookInMs;
    if (isSoon(taskInMs)) wake("promoter");
    if (isSoon(tickInMs)) wake("scheduler");
    if (isSoon(holdInMs)) wake("holdWatch");
    if (anyWaiting) onWaiting();
    if (anyLimited) onLimited();
    return nextLookInMs;
  }
}
