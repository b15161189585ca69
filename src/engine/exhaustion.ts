/** Lets a drain wait until a claim has found that nothing due is left for this worker. */
export class Exhaustion {
  #waiting: { sinceMs: number; resolve: () => void }[] = [];

  /** The claim that began at `startedAtMs`, on the clock of `performance.now()`, found less than there was room for. */
  found(startedAtMs: number): void {
    for (const waiting of this.#waiting.splice(0))
      if (startedAtMs >= waiting.sinceMs) waiting.resolve();
      else this.#waiting.push(waiting);
  }

  /** By a claim that begins from now on: one that is under way has not seen what became due since. */
  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ sinceMs: performance.now(), resolve });
    return promise;
  }
}
