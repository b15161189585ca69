/**
 * Runs claimed tasks in its slots and hands their outcomes to the completer. Taking tasks is the claimer's
 * work, and how one attempt runs stands in `attempt.ts`.
 */
import type { EmitEvent } from "../task/events.ts";
import type { ClaimedTask } from "../task/task.ts";
import { type Completer, referTo } from "./completer.ts";
import type { AbortReason, Attempt } from "./handlers/attempt.ts";
import type { HandlerRunner } from "./handlers/runner.ts";
import type { Reporter } from "./reporter.ts";

export interface ExecutorOptions {
  runner: HandlerRunner;
  completer: Completer;
  reporter: Reporter;
  slots: number;
  emit: EmitEvent;
  onStarted: () => void;
  /** A slot has become free. */
  onSlotFree: () => void;
}

export class Executor {
  readonly #options: ExecutorOptions;
  readonly #running = new Set<Attempt>();
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

  /** Starts a task that was claimed under `workerId`; returns at once. */
  start(workerId: number, task: ClaimedTask): void {
    const { runner, completer, reporter, emit, onStarted, onSlotFree } = this.#options;
    const reference = referTo(task);
    const report = reporter.open(workerId, task);
    const startedAtMs = performance.now();
    emit({ kind: "started", task: reference });
    const attempt = runner.start(task, report.reports);
    this.#running.add(attempt);
    onStarted();
    attempt.outcome.then(({ outcome, abandoned }) => {
      if (abandoned) emit({ kind: "abandoned", task: reference, reason: "it went on after its abort" });
      this.#running.delete(attempt);
      completer.complete(workerId, task, outcome, performance.now() - startedAtMs, report.close());
      onSlotFree();
      if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  /** Returns a claimed task that is not to be started, its attempt uncounted. */
  giveBack(workerId: number, task: ClaimedTask): void {
    this.#options.completer.complete(workerId, task, { kind: "given-back" }, 0);
  }

  /** @param ids undefined: all of them. */
  abort(reason: AbortReason, ids?: number[]): void {
    for (const attempt of this.#running)
      if (ids === undefined || ids.includes(attempt.task.id)) attempt.abort(reason);
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
