/**
 * Asks for cancels whose notification was lost, so that a running task is aborted within a second all the same. The
 * notification itself is heard in `worker.ts`. Costs nothing while nothing runs, nor with tasks that end quickly.
 */
import type { Store } from "../store/connection.ts";
import { findCancelRequests } from "../store/control/cancel.ts";
import type { Executor } from "./executor.ts";
import type { Lease } from "./lease.ts";

/** A task is asked after from the second round that finds it running: two of them and the query fit in a second. */
const intervalMs = 450;

export interface CancelWatchOptions {
  store: Store;
  lease: Lease;
  executor: Executor;
}

export class CancelWatch {
  readonly #options: CancelWatchOptions;
  #seen = new Set<number>();
  #asleep = true;

  constructor(options: CancelWatchOptions) {
    this.#options = options;
  }

  /** Nothing runs, so that the next start has to wake it. */
  get asleep(): boolean {
    return this.#asleep;
  }

  async runOnce(): Promise<number> {
    const { store, lease, executor } = this.#options;
    const running = executor.runningIds();
    const longer = running.filter((id) => this.#seen.has(id));
    this.#seen = new Set(running);
    this.#asleep = running.length === 0;
    if (this.#asleep) return Number.POSITIVE_INFINITY;
    const workerId = lease.workerId;
    if (workerId !== undefined && longer.length > 0) {
      const ids = await findCancelRequests(store, workerId, longer);
      if (ids.length > 0) executor.abort("cancelled", ids);
    }
    return intervalMs;
  }
}
