/**
 * Ends the waits of tasks for whose predecessors that is due. Hints tell it what has ended; that nothing waits for
 * ever rests on its own look through all waits, once in a poll interval while any task waits. What ends a wait is
 * `store/waits/release.ts`'s work.
 */
import type { Store } from "../store/connection.ts";
import { type Ended, findReady, findWaitersOf, settleWaits } from "../store/waits/release.ts";
import type { EmitEvent } from "../task/events.ts";
import { jitter } from "./loop.ts";

/** Ends looked up in one round; more go into the next. */
const mostAtOnce = 1000;
/** The look through all waits takes no more than one part in so many of the time. */
const restShare = 10;

export class Releaser {
  readonly #store: Store;
  readonly #pollIntervalMs: number;
  readonly #emit: EmitEvent;
  /** Whether any task is known to wait. Else hints are dropped, so that who has no waiting tasks pays nothing for them. */
  #anyWaiting = false;
  #waitingHeard = 0;
  #ended: Ended[] = [];
  #nextLookAtMs = 0;
  #lookTookMs = 0;
  /** The work that is under way. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Store, pollIntervalMs: number, emit: EmitEvent) {
    this.#store = store;
    this.#pollIntervalMs = pollIntervalMs;
    this.#emit = emit;
  }

  /** @returns whether a round is worth while. */
  hearEnded(ended: readonly Ended[]): boolean {
    if (!this.#anyWaiting) return false;
    for (const each of ended) this.#ended.push(each);
    return true;
  }

  /** Tasks have ended that nobody names. @returns as above. */
  hearOthersEnded(): boolean {
    if (this.#anyWaiting) this.#lookSoon();
    return this.#anyWaiting;
  }

  /** Tasks were enqueued that wait. What ended before this was heard may have been dropped. @returns as above. */
  hearWaiting(): boolean {
    this.#waitingHeard += 1;
    if (this.#anyWaiting) return false;
    this.#anyWaiting = true;
    this.#nextLookAtMs = 0;
    return true;
  }

  runOnce(): Promise<number> {
    return this.#inTurn(async () => {
      await this.#settleWaitersOfEnded();
      if (performance.now() >= this.#nextLookAtMs) await this.#lookThroughAll();
      return this.#ended.length > 0 ? 0 : Math.max(0, this.#nextLookAtMs - performance.now());
    });
  }

  /** Until nothing more can be released or failed. */
  releaseAll(): Promise<void> {
    return this.#inTurn(async () => {
      do {
        await this.#settleWaitersOfEnded();
        await this.#lookThroughAll();
      } while (this.#ended.length > 0);
    });
  }

  /** Two at once lock each other's tasks for a moment, also those that are released already: a claim would miss them. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #settleWaitersOfEnded(): Promise<void> {
    const ended = this.#ended.splice(0, mostAtOnce);
    if (ended.length === 0) return;
    try {
      await this.#settle(await findWaitersOf(this.#store, ended));
    } catch (error) {
      this.#ended.push(...ended);
      throw error;
    }
  }

  async #lookThroughAll(): Promise<void> {
    const startedAtMs = performance.now();
    const heard = this.#waitingHeard;
    this.#nextLookAtMs = startedAtMs + Math.max(jitter(this.#pollIntervalMs), restShare * this.#lookTookMs);
    const { anyWaiting, ready } = await findReady(this.#store);
    this.#anyWaiting = anyWaiting || heard !== this.#waitingHeard;
    if (!this.#anyWaiting) this.#nextLookAtMs = Number.POSITIVE_INFINITY;
    await this.#settle(ready);
    this.#lookTookMs = performance.now() - startedAtMs;
  }

  #lookSoon(): void {
    this.#nextLookAtMs = Math.min(
      this.#nextLookAtMs,
      performance.now() + Math.min(restShare * this.#lookTookMs, this.#pollIntervalMs),
    );
  }

  async #settle(ids: number[]): Promise<void> {
    if (ids.length === 0) return;
    const failed = await settleWaits(this.#store, ids);
    for (const waiter of failed) {
      const { id, name, queue, attempt, message } = waiter;
      this.#emit({ kind: "wait-failed", task: { id, name, queue, attempt }, message });
      this.#ended.push(waiter);
    }
  }
}
