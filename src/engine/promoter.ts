/**
 * Makes future tasks due when their time comes, and sleeps until the next one, or until it is told of an earlier one. Where
 * dead entries make the way from the head of the index long, it begins at what the last round came to, and at the head now
 * and then: see `head-pace.ts`.
 */
import { promoteLimit, promoteTasks } from "../store/claim/promote.ts";
import type { Store } from "../store/connection.ts";
import { HeadPace, isSlowCall } from "./head-pace.ts";

export class Promoter {
  readonly #store: Store;
  readonly #onPromoted: () => void;
  readonly #pace = new HeadPace();
  /** All that was due before this instant was promoted. */
  #doneBefore: string | undefined;

  constructor(store: Store, onPromoted: () => void) {
    this.#store = store;
    this.#onPromoted = onPromoted;
  }

  /** A round that passes nothing over. */
  async runFromHead(): Promise<number> {
    this.#doneBefore = undefined;
    return await this.runOnce();
  }

  async runOnce(): Promise<number> {
    if (this.#pace.delayMs === 0) this.#doneBefore = undefined;
    const fromHead = this.#doneBefore === undefined;
    const startedAtMs = performance.now();
    const { promoted, nextInMs, secondBefore } = await promoteTasks(this.#store, this.#doneBefore);
    const tookMs = performance.now() - startedAtMs;
    if (fromHead) this.#pace.walked(tookMs, isSlowCall(tookMs, promoted));
    if (promoted > 0) this.#onPromoted();
    if (promoted === promoteLimit) return 0;
    this.#doneBefore = secondBefore;
    return Math.min(
      // One more millisecond, else rounding wakes it just too early.
      (nextInMs ?? Number.POSITIVE_INFINITY) + 1,
      fromHead ? Number.POSITIVE_INFINITY : this.#pace.delayMs,
    );
  }
}
