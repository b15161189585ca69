/**
 * Notices a worker that lives but no longer claims: free slots, and yet no claim for too long. It only looks at
 * what the worker reports; waking or ending one is nobody's work here.
 */
import type { WorkerReport } from "./worker-report.ts";

/** Well above any poll interval in use. */
export const defaultClaimLimitMs = 60_000;

export class ClaimWatch {
  readonly #limitMs: number;
  #idle: { lastClaimAtMs: number | undefined; sinceMs: number } | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * How long, ms, the worker has had a free slot without claiming when that is more than it may; else undefined.
   * Counted from the first look that saw it so: after a long task in the last slot an old claim is no fault.
   * @param nowMs of a clock that never goes back.
   */
  look(worker: WorkerReport, nowMs: number): number | undefined {
    const mayClaim = worker.workerId !== undefined && !worker.stopping && worker.running < worker.slots;
    const lastClaimAtMs = worker.lastClaimAt?.getTime();
    if (!mayClaim) this.#idle = undefined;
    else if (this.#idle === undefined || this.#idle.lastClaimAtMs !== lastClaimAtMs)
      this.#idle = { lastClaimAtMs, sinceMs: nowMs };
    if (this.#idle === undefined) return undefined;
    const idleMs = nowMs - this.#idle.sinceMs;
    return idleMs > this.#limitMs ? idleMs : undefined;
  }
}
