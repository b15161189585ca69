/**
 * Ends holds of queues whose time has come, and sleeps until the next one's. Those that a probe has to end are left to the
 * composition root.
 */
import type { Store } from "../store/connection.ts";
import { endHolds } from "../store/queue-hold.ts";

export class HoldWatch {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async runOnce(): Promise<number> {
    const { nextInMs = Number.POSITIVE_INFINITY } = await endHolds(this.#store);
    // One more millisecond, else rounding wakes it just too early.
    return nextInMs + 1;
  }
}
