/** Ends holds of queues whose time has come. Those that a probe has to end are left to the composition root. */
import type { Store } from "../store/connection.ts";
import { endHolds } from "../store/queue-hold.ts";
import { jitter } from "./loop.ts";

export class HoldWatch {
  readonly #store: Store;
  readonly #pollIntervalMs: number;

  constructor(store: Store, pollIntervalMs: number) {
    this.#store = store;
    this.#pollIntervalMs = pollIntervalMs;
  }

  async runOnce(): Promise<number> {
    const { nextInMs = Number.POSITIVE_INFINITY } = await endHolds(this.#store);
    // One more millisecond, else rounding wakes it just too early.
    return Math.min(jitter(this.#pollIntervalMs), nextInMs + 1);
  }
}
