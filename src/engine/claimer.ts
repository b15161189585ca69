/** Fills free slots with due tasks. What makes a task due is the promoter's work; running it, the executor's. */
import { claimTasks } from "../store/claim/claim.ts";
import { findStrays } from "../store/claim/strays.ts";
import type { Store } from "../store/connection.ts";
import type { ClaimedTask } from "../task/task.ts";
import type { Executor } from "./executor.ts";
import type { Lease } from "./lease.ts";
import { LimitedClaimer } from "./limited-claimer.ts";
import { jitter } from "./loop.ts";
import { StrayWatch } from "./stray-watch.ts";

export interface ClaimerOptions {
  store: Store;
  lease: Lease;
  executor: Executor;
  /** Asked at each claim: an operator's own handlers may come and go. */
  names: () => string[];
  queues: string[];
  pollIntervalMs: number;
  /** The tasks that run here, or whose outcome is not stored yet. */
  knownIds: () => number[];
  /** The claim that began at this instant found fewer tasks than there were free slots: nothing due was left for this worker. */
  onExhausted: (startedAtMs: number) => void;
}

export class Claimer {
  readonly #options: ClaimerOptions;
  readonly #limited: LimitedClaimer;
  #stopping = false;
  readonly #strays = new StrayWatch();
  lastClaimAt: Date | undefined;

  constructor(options: ClaimerOptions) {
    this.#options = options;
    const { store, queues, pollIntervalMs } = options;
    this.#limited = new LimitedClaimer({ store, queues, pollIntervalMs });
  }

  /** A hint; waking the loop is left to whoever passes it on. */
  hear(kind: "due" | "queues"): void {
    this.#limited.hear(kind);
  }

  /** What a claim that is under way still brings is given back, not started. */
  stopStarting(): void {
    this.#stopping = true;
  }

  /** Tasks may be claimed for this worker without its knowing. */
  get mayHaveStrays(): boolean {
    return Number.isFinite(this.#strays.delayMs);
  }

  async runOnce(): Promise<number> {
    const { lease, executor, pollIntervalMs } = this.#options;
    const startedAtMs = performance.now();
    const names = this.#options.names();
    const workerId = lease.workerId;
    const free = executor.freeSlots;
    // Woken when a slot is free or a lease is held again; deaf handlers may hear again with no such sign.
    if (workerId === undefined || free === 0 || names.length === 0) return jitter(pollIntervalMs);
    try {
      const found = await this.#startStrays(workerId, free);
      return await this.#claim(workerId, names, free - found, startedAtMs);
    } catch (error) {
      this.#strays.claimFailed();
      throw error;
    }
  }

  async #claim(workerId: number, names: string[], free: number, startedAtMs: number): Promise<number> {
    const { store, queues, pollIntervalMs, onExhausted } = this.#options;
    const limitedTasks = await this.#limited.claim(workerId, names, free);
    this.#start(workerId, limitedTasks);
    const limit = free - limitedTasks.length;
    const tasks = limit === 0 ? [] : await claimTasks(store, { workerId, names, queues, limit });
    this.lastClaimAt = new Date();
    this.#start(workerId, tasks);
    if (tasks.length === limit) return 0;
    if (!this.#limited.waiting) onExhausted(startedAtMs);
    return Math.min(jitter(pollIntervalMs), this.#limited.delayMs, Math.max(0, this.#strays.delayMs));
  }

  /** @returns how many slots those took whose claim was done though its answer was lost. */
  async #startStrays(workerId: number, free: number): Promise<number> {
    if (!this.#strays.isDue) return 0;
    const { store, knownIds } = this.#options;
    const found = await findStrays(store, workerId, knownIds());
    const taken = found.slice(0, free);
    this.#start(workerId, taken);
    this.#strays.looked(taken.length === found.length);
    return taken.length;
  }

  #start(workerId: number, tasks: ClaimedTask[]): void {
    const { executor } = this.#options;
    for (const task of tasks)
      if (this.#stopping) executor.giveBack(workerId, task);
      else executor.start(workerId, task);
  }
}
