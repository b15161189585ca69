/**
 * Claims from the head of the lanes while that is quick, else from where earlier claims of this worker came to. Which
 * statement a claim is, and what it remembers; how a claim is made stands in `store/claim/`.
 *
 * A bounded claim sees priorities above the remembered ones, and what was enqueued since. What lies before a bound, it
 * passes over: tasks that were given back, retried, rescued, promoted or committed late, resumed queues. A claim from
 * the head finds them, at the latest ten times as long after the last one as that has taken: the claimer sees to it.
 */
import { type ClaimRequest, claimTasks } from "../store/claim/claim.ts";
import { type ClaimBound, claimBounded } from "../store/claim/claim-bounded.ts";
import type { Store } from "../store/connection.ts";
import type { ClaimedTask } from "../task/task.ts";
import { HeadPace, isSlowCall, isSlowWalk } from "./head-pace.ts";

/** Each costs two index descents a lane. */
const mostBounds = 16;
const defaultPriority = 0;

export class BoundedClaims {
  readonly #store: Store;
  readonly #pace: HeadPace;
  /** Those that were claimed last, the longest ago first. */
  readonly #priorities = new Set([defaultPriority]);
  readonly #bounds = new Map<number, ClaimBound>();

  constructor(store: Store, pace = new HeadPace()) {
    this.#store = store;
    this.#pace = pace;
  }

  /** Until the next claim is one from the head. */
  get headDelayMs(): number {
    return this.#pace.delayMs;
  }

  /** @returns `fromHead` false: there may be more, even before these. */
  async claim(request: ClaimRequest): Promise<{ tasks: ClaimedTask[]; fromHead: boolean }> {
    const startedAtMs = performance.now();
    const claimed = this.#pace.slow
      ? await this.#claimSlowly(request)
      : { tasks: await claimTasks(this.#store, request), fromHead: true };
    this.#notePriorities(claimed.tasks);
    // What was slow may have been the way there: the next claim asks the database, again from the head.
    if (!this.#pace.slow && isSlowCall(performance.now() - startedAtMs, claimed.tasks.length))
      this.#pace.suspect();
    return claimed;
  }

  async #claimSlowly(request: ClaimRequest): Promise<{ tasks: ClaimedTask[]; fromHead: boolean }> {
    const fromHead = this.#pace.delayMs === 0;
    const bounds = fromHead ? [] : [...this.#bounds.values()];
    const { tasks, last, secondBefore, walkMs } = await claimBounded(this.#store, request, bounds);
    const slow = isSlowWalk(walkMs, tasks.length);
    if (fromHead) this.#pace.walked(walkMs, slow);
    // Also one that lies before the old: a walk from the head has found older ones there, and there may be more.
    for (const bound of last) this.#bounds.set(bound.priority, bound);
    // Nothing is left, and that was slow to find: others have claimed beyond the bounds. Less a second, in which what
    // commits or is promoted a little late is still found at once.
    if (slow && tasks.length < request.limit)
      for (const priority of this.#priorities)
        if (!last.some((bound) => bound.priority === priority))
          this.#bounds.set(priority, { priority, runAt: secondBefore, id: 0 });
    return { tasks, fromHead };
  }

  #notePriorities(tasks: readonly ClaimedTask[]): void {
    for (const { priority } of tasks) {
      this.#priorities.delete(priority);
      this.#priorities.add(priority);
    }
    for (const priority of this.#priorities)
      if (this.#priorities.size > mostBounds) this.#priorities.delete(priority);
      else break;
    for (const priority of this.#bounds.keys())
      if (!this.#priorities.has(priority)) this.#bounds.delete(priority);
  }
}
