/**
 * How fast tasks end here, and so how many are worth claiming ahead of free slots: where they are quick, as many as end
 * within a moment. It is counted over the time in which something ran, so an idle worker that meets a backlog knows at
 * once, and one whose slots are taken by long tasks claims nothing ahead.
 */

/** Ends that the pace is taken from, at the most: several bursts of a busy worker. */
const window = 256;
/** And at the least. */
const enough = 32;
/** Tasks are quick where all slots become free within this time. */
const quickMs = 50;
/**
 * Of tasks claimed ahead; together with the claim's own bound also that of what a crash gives back. Half of it lasts until
 * those of the next claim may start (see `Executor.take`): with a quarter, slots stood empty.
 */
const mostAhead = 2_000;

export class Pace {
  #running = 0;
  #busyMs = 0;
  #busySinceMs = 0;
  /** When the last ones have ended, on the clock that runs while something does; a ring. */
  readonly #endedAtMs: number[] = [];
  #ended = 0;

  started(nowMs: number): void {
    if (this.#running++ === 0) this.#busySinceMs = nowMs;
  }

  ended(nowMs: number): void {
    this.#endedAtMs[this.#ended++ % window] = this.#busyAt(nowMs);
    if (--this.#running === 0) this.#busyMs += nowMs - this.#busySinceMs;
  }

  /**
   * @param horizonMs what is claimed ahead starts within about this time.
   * @returns 0 where tasks end so slowly that a slot would wait no shorter for one that is claimed ahead.
   */
  ahead(slots: number, horizonMs: number, nowMs: number): number {
    const known = Math.min(this.#ended, window);
    if (known < enough) return 0;
    const oldestMs = this.#endedAtMs[(this.#ended - known) % window] ?? 0;
    const elapsedMs = this.#busyAt(nowMs) - oldestMs;
    const endsInOneMs = elapsedMs <= 0 ? Number.POSITIVE_INFINITY : (known - 1) / elapsedMs;
    if (endsInOneMs * quickMs < slots) return 0;
    return Math.min(Math.floor(endsInOneMs * horizonMs), mostAhead);
  }

  #busyAt(nowMs: number): number {
    return this.#busyMs + (this.#running > 0 ? nowMs - this.#busySinceMs : 0);
  }
}
