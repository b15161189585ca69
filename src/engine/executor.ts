/**
 * Runs claimed tasks in its slots and hands their outcomes to the completer; what was claimed ahead waits here for a
 * slot. Taking tasks is the claimer's work, and how one attempt runs stands in `attempt.ts`.
 */
import type { EmitEvent } from "../task/events.ts";
import { byClaimOrder, type ClaimedTask } from "../task/task.ts";
import { type Completer, referTo } from "./completer.ts";
import type { AbortReason, Attempt } from "./handlers/attempt.ts";
import type { HandlerRunner } from "./handlers/runner.ts";
import { Pace } from "./pace.ts";
import type { Reporter } from "./reporter.ts";

export interface ExecutorOptions {
  runner: HandlerRunner;
  completer: Completer;
  reporter: Reporter;
  slots: number;
  emit: EmitEvent;
  onStarted: () => void;
  /** A slot has become free: this task's. */
  onSlotFree: (task: ClaimedTask) => void;
}

interface Waiting {
  readonly workerId: number;
  readonly task: ClaimedTask;
  readonly sinceMs: number;
}

export class Executor {
  readonly #options: ExecutorOptions;
  readonly #running = new Set<Attempt>();
  readonly #pace = new Pace();
  /** Claimed and not started, in the order of the claim. */
  #ahead: Waiting[] = [];
  /** Claimed too, but the database's disk may not have that yet. */
  readonly #unflushed = new Set<Waiting>();
  #idle: (() => void)[] = [];

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** None while the handlers are deaf: what was claimed for them would only wait there. */
  get freeSlots(): number {
    return this.#options.runner.deafMs > 0 ? 0 : this.#options.slots - this.#running.size;
  }

  get running(): number {
    return this.#running.size;
  }

  runningIds(): number[] {
    return [...this.#running].map(({ task }) => task.id);
  }

  /** Of tasks that run, or wait for a slot. */
  claimedIds(): number[] {
    return [...this.runningIds(), ...this.#waiting.map(({ task }) => task.id)];
  }

  /** How many tasks may wait here beside those that run, for about `horizonMs`; see `pace.ts`. */
  mayWait(horizonMs: number): number {
    const { runner, slots } = this.#options;
    return runner.deafMs > 0 ? 0 : this.#pace.ahead(slots, horizonMs, performance.now());
  }

  get waiting(): number {
    return this.#ahead.length + this.#unflushed.size;
  }

  /** How many of those wait for a slot alone. */
  get startable(): number {
    return this.#ahead.length;
  }

  /** Since when the task that waits longest does, on the clock of `performance.now()`; undefined: none waits. */
  get waitingSinceMs(): number | undefined {
    return this.#waiting.reduce<number | undefined>(
      (oldest, { sinceMs }) => (oldest === undefined || sinceMs < oldest ? sinceMs : oldest),
      undefined,
    );
  }

  /**
   * Starts tasks that were claimed under `workerId`, each as soon as there is a slot for it; returns at once.
   * @param flushed none starts before: were the claim lost by a crash of the database, another worker would start it too.
   */
  take(workerId: number, tasks: readonly ClaimedTask[], flushed?: Promise<void>): void {
    const sinceMs = performance.now();
    const taken = tasks.map((task) => ({ workerId, task, sinceMs }));
    if (flushed === undefined) {
      this.#admit(taken);
      return;
    }
    for (const each of taken) this.#unflushed.add(each);
    // What has been given back meanwhile is not among them any more.
    void flushed.then(() => this.#admit(taken.filter((each) => this.#unflushed.delete(each))));
  }

  /** Returns what waits for a slot, uncounted. */
  giveBackWaiting(): void {
    this.#endWaiting("given-back", () => true);
  }

  /** Returns a claimed task that is not to be started, its attempt uncounted. */
  giveBack(workerId: number, task: ClaimedTask): void {
    this.#options.completer.endUnstarted(workerId, task, "given-back");
  }

  /** What waits for a slot ends at once. @param ids undefined: all of them. */
  abort(reason: AbortReason, ids?: number[]): void {
    const isMeant = ({ task }: { task: ClaimedTask }) => ids === undefined || ids.includes(task.id);
    for (const attempt of this.#running) if (isMeant(attempt)) attempt.abort(reason);
    this.#endWaiting(reason === "cancelled" ? "cancelled" : "given-back", isMeant);
  }

  /** Resolves when it is idle. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Nothing runs or waits. */
  get isIdle(): boolean {
    return this.#running.size === 0 && this.waiting === 0;
  }

  #endWaiting(kind: "given-back" | "cancelled", isMeant: (waiting: Waiting) => boolean): void {
    const waiting = this.#waiting.filter(isMeant);
    this.#ahead = this.#ahead.filter((each) => !isMeant(each));
    for (const each of waiting) this.#unflushed.delete(each);
    for (const { workerId, task } of waiting) this.#options.completer.endUnstarted(workerId, task, kind);
    this.#tellIdle();
  }

  get #waiting(): Waiting[] {
    return [...this.#ahead, ...this.#unflushed];
  }

  /** @param taken in the order of the claim. */
  #admit(taken: readonly Waiting[]): void {
    const last = this.#ahead.at(-1);
    this.#ahead.push(...taken);
    const [first] = taken;
    if (last !== undefined && first !== undefined && byClaimOrder(first.task, last.task) < 0)
      this.#ahead.sort((a, b) => byClaimOrder(a.task, b.task));
    this.#fill();
  }

  #fill(): void {
    const count = Math.min(this.freeSlots, this.#ahead.length);
    for (const waiting of this.#ahead.splice(0, count)) this.#start(waiting);
  }

  #start({ workerId, task, sinceMs }: Waiting): void {
    const { runner, completer, reporter, emit, onStarted } = this.#options;
    const startedAtMs = performance.now();
    const waitedMs = startedAtMs - sinceMs;
    const report = reporter.open(workerId, task, waitedMs);
    emit({ kind: "started", task: referTo(task) });
    const attempt = runner.start(task, report.reports);
    this.#running.add(attempt);
    this.#pace.started(startedAtMs);
    onStarted();
    attempt.outcome.then(({ outcome, abandoned }) => {
      const endedAtMs = performance.now();
      if (abandoned) emit({ kind: "abandoned", task: referTo(task), reason: "it went on after its abort" });
      this.#running.delete(attempt);
      this.#pace.ended(endedAtMs);
      const durationMs = endedAtMs - startedAtMs;
      completer.complete(workerId, task, { outcome, waitedMs, durationMs, report: report.close() });
      this.#fill();
      this.#options.onSlotFree(task);
      this.#tellIdle();
    });
  }

  #tellIdle(): void {
    if (this.isIdle) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
