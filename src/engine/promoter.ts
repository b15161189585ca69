/** Makes future tasks due when their time comes, and sleeps until the next one. */
import { promoteLimit, promoteTasks } from "../store/claim/promote.ts";
import type { Store } from "../store/connection.ts";
import { jitter } from "./loop.ts";

export class Promoter {
  readonly #store: Store;
  readonly #pollIntervalMs: number;
  readonly #onPromoted: () => void;

  constructor(store: Store, pollIntervalMs: number, onPromoted: () => void) {
    this.#store = store;
    this.#pollIntervalMs = pollIntervalMs;
    this.#onPromoted = onPromoted;
  }

  async runOnce(): Promise<number> {
    const { promoted, nextInMs } = await promoteTasks(this.#store);
    if (promoted > 0) this.#onPromoted();
    if (promoted === promoteLimit) return 0;
    // One more millisecond, else rounding wakes it just too early.
    return Math.min(jitter(this.#pollIntervalMs), (nextInMs ?? Number.POSITIVE_INFINITY) + 1);
  }
}
