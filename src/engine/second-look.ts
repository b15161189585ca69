/**
 * Has workers look again after an announcement that stands for other commits too, which may come a little later than the
 * one that has made it (`drizzle/0006_sql_door_wake.sql`). Without such announcements it does nothing.
 */

/**
 * After the newest one: those that come closer together are each the look that the one before wants. What commits later
 * still waits for the next announcement, or the poll.
 */
const looksAfterMs = [10, 40];

export class SecondLook {
  readonly #look: () => void;
  #timer: Timer | undefined;

  constructor(look: () => void) {
    this.#look = look;
  }

  hear(): void {
    this.stop();
    this.#schedule(looksAfterMs, 0);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule([nextMs, ...laterMs]: readonly number[], nowMs: number): void {
    if (nextMs === undefined) return;
    this.#timer = setTimeout(() => {
      this.#look();
      this.#schedule(laterMs, nextMs);
    }, nextMs - nowMs);
  }
}
