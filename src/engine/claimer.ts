/** Fills free slots with due tasks. What makes a task due is the promoter's work; running it, the executor's. */
import { claimTasks } from "../store/claim.ts";
import type { Store } from "../store/connection.ts";
import type { Executor } from "./executor.ts";
import type { Lease } from "./lease.ts";
import { jitter } from "./loop.ts";

export interface ClaimerOptions {
  store: Store;
  lease: Lease;
  executor: Executor;
  names: string[];
  queues: string[];
  pollIntervalMs: number;
  /** A claim found fewer tasks than there were free slots: nothing due is left for this worker. */
  onExhausted: () => void;
}

export class Claimer {
  readonly #options: ClaimerOptions;
  lastClaimAt: Date | undefined;

  constructor(options: ClaimerOptions) {
    this.#options = options;
  }

  async runOnce(): Promise<number> {
    const { store, lease, executor, names, queues, pollIntervalMs, onExhausted } = this.#options;
    const workerId = lease.workerId;
    const limit = executor.freeSlots;
    // Woken when a slot is free or a lease is held again; deaf handlers may hear again with no such sign.
    if (workerId === undefined || limit === 0 || names.length === 0) return jitter(pollIntervalMs);
    const tasks = await claimTasks(store, { workerId, names, queues, limit });
    this.lastClaimAt = new Date();
    for (const task of tasks) executor.start(workerId, task);
    if (tasks.length === limit) return 0;
    onExhausted();
    return jitter(pollIntervalMs);
  }
}
