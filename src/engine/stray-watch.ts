/** When to look for claims whose answer was lost: `store/claim/strays.ts` finds them, the claimer runs them. */

/** By then the server has ended any statement of a connection that is lost. */
const statementEndsMs = 35_000;

export class StrayWatch {
  /** Instants of `performance.now()`, in order. */
  #lookAtMs: number[] = [];

  /** A claim has failed, and may have been done all the same; or may be yet, where only its connection was lost. */
  claimFailed(): void {
    const nowMs = performance.now();
    this.#lookAtMs = [nowMs, nowMs + statementEndsMs];
  }

  get isDue(): boolean {
    return this.delayMs <= 0;
  }

  /** Until the next look; Infinity: none is needed. */
  get delayMs(): number {
    const [next = Number.POSITIVE_INFINITY] = this.#lookAtMs;
    return next - performance.now();
  }

  /** @param foundAll none was left for want of a slot. */
  looked(foundAll: boolean): void {
    if (foundAll) this.#lookAtMs.shift();
  }
}
