/**
 * Fills free slots with due tasks, and claims ahead of them where tasks end quickly. What makes a task due is the
 * promoter's work; running it, the executor's.
 */
import { findStrays } from "../store/claim/strays.ts";
import type { Store } from "../store/connection.ts";
import type { ClaimedTask } from "../task/task.ts";
import { BoundedClaims } from "./bounded-claims.ts";
import type { Executor } from "./executor.ts";
import type { Lease } from "./lease.ts";
import { type ClaimOfQueues, LimitedClaimer } from "./limited-claimer.ts";
import { jitter } from "./loop.ts";
import { Patience } from "./patience.ts";
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

/** One statement's bound. */
const mostAtOnce = 500;
/** What is claimed ahead is to start within about this time. */
const leastHorizonMs = 200;
const mostHorizonMs = 1_000;
/** What has waited for a slot this many times as long is given back: longer tasks than those before have taken the slots. */
const longestWaitTimes = 2.5;
/** How long nothing is claimed ahead after a task that may not wait. */
const noneAheadMs = 1_000;

export class Claimer {
  readonly #options: ClaimerOptions;
  readonly #limited: LimitedClaimer;
  readonly #claims: BoundedClaims;
  #stopping = false;
  /** The last round has found all that is due, though there was room for more. */
  #foundAll = false;
  #noneAheadUntilMs = 0;
  readonly #horizon = new Patience(leastHorizonMs, mostHorizonMs);
  readonly #strays = new StrayWatch();
  lastClaimAt: Date | undefined;

  constructor(options: ClaimerOptions) {
    this.#options = options;
    const { store, queues, pollIntervalMs } = options;
    this.#limited = new LimitedClaimer({ store, queues, pollIntervalMs });
    this.#claims = new BoundedClaims(store);
  }

  /** A hint; waking the loop is left to whoever passes it on. */
  hear(kind: "due" | "queues"): void {
    this.#limited.hear(kind);
    // One may be paused or held now, or its limits others.
    if (kind === "queues") this.#options.executor.giveBackWaiting();
  }

  /** As `LimitedClaimer.hearLimited`. */
  hearLimited(): boolean {
    return this.#limited.hearLimited();
  }

  /**
   * Whether a slot that has become free is worth a round: not where slots were free before, and nothing was due. What has
   * become so since is told of, but behind a pooler.
   */
  wantsMoreAfter({ serialKey }: ClaimedTask): boolean {
    const { executor, store } = this.#options;
    // The next of a serial key becomes due with the end of this one, in the same transaction.
    if (serialKey !== null) return true;
    if (this.#foundAll && !store.pooled) return false;
    return executor.waiting === 0 || executor.waiting < executor.mayWait(this.#horizon.ms) / 2;
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
    this.#foundAll = false;
    const names = this.#options.names();
    const workerId = lease.workerId;
    this.#giveBackLongWaiting();
    const room = this.#findRoom();
    // Woken when a slot is free or a lease is held again; deaf handlers may hear again with no such sign.
    if (workerId === undefined || room === 0 || names.length === 0)
      return Math.min(jitter(pollIntervalMs), this.#untilLongestWait());
    try {
      const found = await this.#startStrays(workerId, Math.min(room, executor.freeSlots));
      const delayMs = await this.#claim(workerId, names, room - found, startedAtMs);
      return Math.min(delayMs, this.#untilLongestWait());
    } catch (error) {
      this.#strays.claimFailed();
      throw error;
    }
  }

  async #claim(workerId: number, names: string[], room: number, startedAtMs: number): Promise<number> {
    const { executor, pollIntervalMs, onExhausted } = this.#options;
    const request = { workerId, names, ahead: room > executor.freeSlots };
    const share = this.#limited.shareOf(room);
    // At once, over connections of their own: most workers serve the queue of records, which has limits.
    const claims = [
      this.#claimUnlimited({ ...request, limit: room - share }),
      this.#claimLimited({ ...request, limit: share }),
    ] as const;
    // Where one fails, the other ends with the round all the same.
    await Promise.allSettled(claims);
    const [{ filled, fromHead }] = await Promise.all(claims);
    this.lastClaimAt = new Date();
    if (filled) return 0;
    const exhausted = fromHead && !this.#limited.waiting;
    this.#foundAll = exhausted && !this.mayHaveStrays;
    if (exhausted) onExhausted(startedAtMs);
    return Math.min(
      jitter(pollIntervalMs),
      fromHead ? Number.POSITIVE_INFINITY : this.#claims.headDelayMs,
      this.#limited.delayMs,
      Math.max(0, this.#strays.delayMs),
    );
  }

  async #claimUnlimited(request: ClaimOfQueues): Promise<{ filled: boolean; fromHead: boolean }> {
    const { workerId, limit, ahead } = request;
    if (limit === 0) return { filled: true, fromHead: true };
    const { store, queues } = this.#options;
    const claimAtMs = performance.now();
    const flushed = this.#mayStayUnflushed(ahead) ? store.flushes.unflushed() : undefined;
    const claim = { ...request, queues, unflushed: flushed !== undefined };
    const { tasks, fromHead } = await this.#claims.claim(claim);
    if (tasks.length > 0) this.#horizon.took(performance.now() - claimAtMs);
    this.#start(workerId, ahead ? this.#keepThoseThatMayWait(workerId, tasks) : tasks, flushed);
    return { filled: tasks.length === limit, fromHead };
  }

  async #claimLimited(request: ClaimOfQueues): Promise<void> {
    if (request.limit > 0) this.#start(request.workerId, await this.#limited.claim(request));
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

  #start(workerId: number, tasks: ClaimedTask[], flushed?: Promise<void>): void {
    const { executor } = this.#options;
    if (!this.#stopping) executor.take(workerId, tasks, flushed);
    else for (const task of tasks) executor.giveBack(workerId, task);
  }

  /**
   * Where every slot has a task, the next becomes free when one ends, and its completion brings the claim to the disk. Behind a
   * pooler nobody knows over which connection.
   */
  #mayStayUnflushed(ahead = false): boolean {
    const { executor, store } = this.#options;
    return ahead && executor.freeSlots <= executor.startable && !store.pooled;
  }

  /** How many tasks to claim now: for the free slots, and ahead once half of what may wait has been started. */
  #findRoom(): number {
    const { executor } = this.#options;
    const mayWait = performance.now() < this.#noneAheadUntilMs ? 0 : executor.mayWait(this.#horizon.ms);
    const ahead = executor.waiting < mayWait / 2 ? mayWait - executor.waiting : 0;
    return Math.min(mostAtOnce, this.#slotsToFill + ahead);
  }

  /** That are free for tasks which are still to be claimed. */
  get #slotsToFill(): number {
    const { executor } = this.#options;
    return Math.max(0, executor.freeSlots - executor.waiting);
  }

  /** Of tasks that were claimed ahead: those for which no slot is free now must be such that may wait. */
  #keepThoseThatMayWait(workerId: number, tasks: ClaimedTask[]): ClaimedTask[] {
    const { executor } = this.#options;
    const free = this.#slotsToFill;
    const kept = tasks.filter(({ mayWait }, index) => mayWait || index < free);
    if (kept.length === tasks.length) return tasks;
    this.#noneAheadUntilMs = performance.now() + noneAheadMs;
    const isKept = new Set(kept);
    for (const task of tasks) if (!isKept.has(task)) executor.giveBack(workerId, task);
    return kept;
  }

  /** For another worker, or for this one when it has slots again. */
  #giveBackLongWaiting(): void {
    if (this.#untilLongestWait() > 0) return;
    const { executor, store } = this.#options;
    executor.giveBackWaiting();
    store.announcer.announce({ kind: "due" });
  }

  #untilLongestWait(): number {
    const { waitingSinceMs } = this.#options.executor;
    if (waitingSinceMs === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(0, waitingSinceMs + longestWaitTimes * this.#horizon.ms - performance.now());
  }
}
