/**
 * When to walk an index from its head. Always, while that is quick; where dead entries lie in the way, so rarely that
 * the walks take a small share of the time. What goes on between them is the caller's affair.
 */

/** Walks from the head take no more than one part in so many of the time. */
const restShare = 10;
/** What is slow: longer than so much, and so much more for each task that was found. */
const quickWalk = { ms: 1, msATask: 0.015 };
/** Of a whole call, with the way there and the tasks' update. */
const quickCall = { ms: 2, msATask: 0.04 };

/** @param walkMs what the database needed to find them. */
export const isSlowWalk = (walkMs: number, found: number) =>
  walkMs > quickWalk.ms + quickWalk.msATask * found;

export const isSlowCall = (tookMs: number, found: number) =>
  tookMs > quickCall.ms + quickCall.msATask * found;

export class HeadPace {
  #slow = false;
  #nextAtMs = Number.NEGATIVE_INFINITY;

  /** The last walk from the head was slow for what it found. */
  get slow(): boolean {
    return this.#slow;
  }

  /** Until the next walk from the head. */
  get delayMs(): number {
    return Math.max(0, this.#nextAtMs - performance.now());
  }

  /** It looks as if a walk from the head had been slow: the next one is to tell, at once. */
  suspect(): void {
    this.#slow = true;
  }

  /** A walk from the head has ended just now. */
  walked(tookMs: number, slow: boolean): void {
    this.#slow = slow;
    this.#nextAtMs = slow ? performance.now() + restShare * tookMs : Number.NEGATIVE_INFINITY;
  }
}
