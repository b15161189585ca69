/**
 * How long to gather work for one statement: ten times as long as such statements take lately, within bounds. Where they
 * are slow, since many workers are at the database or it is far away, more is gathered for each, and none spends
 * more than about a tenth of its time in them.
 */
const times = 10;
/** How much the newest counts: single statements are late for all kinds of reasons. */
const weight = 1 / 4;

export class Patience {
  readonly #leastMs: number;
  readonly #mostMs: number;
  #tookMs = 0;

  constructor(leastMs: number, mostMs: number) {
    this.#leastMs = leastMs;
    this.#mostMs = mostMs;
  }

  get ms(): number {
    return Math.max(this.#leastMs, times * this.#tookMs);
  }

  /** One statement did, with all that it waited for. */
  took(ms: number): void {
    // Bounds `ms` too; and one that waited for somebody's lock says nothing of the next.
    this.#tookMs += weight * (Math.min(ms, this.#mostMs / times) - this.#tookMs);
  }
}
