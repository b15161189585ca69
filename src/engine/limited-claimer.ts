/**
 * The claimer's second door: queues with limits. Knows when it is worth asking them, so that the others' claims pay
 * nothing for them. What a limit lets through is decided in `store/claim/claim-limited.ts`.
 */
import type { ClaimRequest } from "../store/claim/claim.ts";
import { claimFromLimited, type LimitedQueue, readLimitedQueues } from "../store/claim/claim-limited.ts";
import type { Store } from "../store/connection.ts";
import type { ClaimedTask } from "../task/task.ts";
import { jitter } from "./loop.ts";

export interface LimitedClaimerOptions {
  store: Store;
  queues: string[];
  /** How long a lost hint can go unnoticed. */
  pollIntervalMs: number;
}

/** Of the queues that the worker serves. */
export type ClaimOfQueues = Omit<ClaimRequest, "queues">;

/** Another worker is at this queue, for a few milliseconds. */
const busyRetryMs = 10;
/** Hints that come closer together are answered together: a busy stream of enqueues is not one of questions. */
const hintIntervalMs = 5;

export class LimitedClaimer {
  readonly #options: LimitedClaimerOptions;
  #any = false;
  #waiting = false;
  /** One more may start since the last question began, and no queue was known to have limits. */
  #missedDue = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #askAtMs = Number.NEGATIVE_INFINITY;
  #turn = 0;

  constructor(options: LimitedClaimerOptions) {
    this.#options = options;
  }

  /** Tasks that are due waited for their queue's limits when they were last read. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Until it wants to be asked again. */
  get delayMs(): number {
    return Math.max(0, this.#askAtMs - performance.now());
  }

  /** "due": one more may start, of no interest where no queue has limits. "queues": limits may have changed. */
  hear(kind: "due" | "queues"): void {
    if (kind === "queues") this.#askAtMs = Number.NEGATIVE_INFINITY;
    else if (this.#any) this.#askAtMs = Math.min(this.#askAtMs, this.#askedAtMs + hintIntervalMs);
    else this.#missedDue = true;
  }

  /** A queue that is served has limits. @returns whether that is news, so that a claim is worth while. */
  hearLimited(): boolean {
    if (this.#any) return false;
    this.#askAtMs = Number.NEGATIVE_INFINITY;
    return true;
  }

  /**
   * How much of `room` is kept for `claim`, which is to be asked then: half of it, and of a room for one every other, so that
   * neither kind of queue starves the other. 0 while it does not want to be asked.
   */
  shareOf(room: number): number {
    if (this.delayMs > 0) return 0;
    this.#turn += 1;
    return Math.floor((room + (this.#turn % 2)) / 2);
  }

  async claim(request: ClaimOfQueues): Promise<ClaimedTask[]> {
    const { store, pollIntervalMs, queues } = this.#options;
    const { limit, ...own } = request;
    const served = { ...own, queues };
    const askedAtMs = performance.now();
    // Before the question: a hint that arrives while it is under way asks again.
    this.#askedAtMs = askedAtMs;
    const nextAskAtMs = askedAtMs + jitter(pollIntervalMs);
    this.#askAtMs = nextAskAtMs;
    this.#missedDue = false;
    const { any, waiting } = await readLimitedQueues(store, served);
    this.#any = any;
    if (any && this.#missedDue) this.#askIn(0);
    // Until it hears of some.
    if (!any && this.#askAtMs === nextAskAtMs) this.#askAtMs = Number.POSITIVE_INFINITY;
    this.#waiting = waiting.length > 0;
    const tasks: ClaimedTask[] = [];
    for (const { queue, startsInMs } of this.#inTurn(waiting)) {
      if (startsInMs === null) continue;
      if (startsInMs > 0 || tasks.length === limit) {
        // One more millisecond, else rounding asks just too early.
        this.#askIn(startsInMs + (startsInMs > 0 ? 1 : 0));
        continue;
      }
      const claimed = await claimFromLimited(store, queue, { ...served, limit: limit - tasks.length });
      tasks.push(...claimed.tasks);
      // The limits have just been used: when the next may start is read anew.
      this.#askIn(claimed.tasks.length > 0 ? 0 : jitter(busyRetryMs));
    }
    return tasks;
  }

  /** Another queue first each time, so that none takes every share. */
  #inTurn(waiting: LimitedQueue[]): LimitedQueue[] {
    const first = waiting.length === 0 ? 0 : this.#turn % waiting.length;
    return [...waiting.slice(first), ...waiting.slice(0, first)];
  }

  #askIn(delayMs: number): void {
    this.#askAtMs = Math.min(this.#askAtMs, performance.now() + delayMs);
  }
}
