/** Makes future tasks due when their time comes, and sleeps until the next one, or until it is told of an earlier one. */
import { promoteLimit, promoteTasks } from "../store/claim/promote.ts";
import type { Store } from "../store/connection.ts";

export class Promoter {
  readonly #store: Store;
  readonly #onPromoted: () => void;

  constructor(store: Store, onPromoted: () => void) {
    this.#store = store;
    this.#onPromoted = onPromoted;
  }

  async runOnce(): Promise<number> {
    const { promoted, nextInMs } = await promoteTasks(this.#store);
    if (promoted > 0) this.#onPromoted();
    if (promoted === promoteLimit) return 0;
    // One more millisecond, else rounding wakes it just too early.
    return (nextInMs ?? Number.POSITIVE_INFINITY) + 1;
  }
}
