/**
 * What a task's life must be, as plain TypeScript: the model that `life.test.ts` holds the store to. It knows nothing
 * of SQL nor of tokens: an outcome counts when the task runs that very execution. Time is a number that the test
 * moves on.
 */
import type { FailureRule } from "../../../src/task/doors/after.ts";
import type { EnqueueOutcome } from "../../../src/task/doors/enqueued.ts";
import type { ConflictRule } from "../../../src/task/doors/key.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
import { settle, type Transition } from "../../../src/task/settle.ts";
import type { FinishedState, TaskState } from "../../../src/task/task.ts";

/** What a new task asks for. */
export interface Asked {
  queue: string;
  priority: number;
  maxAttempts: number;
  delayMs: number;
  repeatMs: number | undefined;
  serialKey: string | undefined;
  key: string | undefined;
  onConflict: ConflictRule | undefined;
  /** Ids of tasks that there are. */
  after: { tasks: number[]; onFailure: FailureRule } | undefined;
}

export interface ModelTask extends Omit<Asked, "delayMs" | "onConflict" | "after"> {
  id: number;
  state: TaskState;
  attempt: number;
  runAtMs: number;
  /** What a repeating task's next run is counted from. */
  plannedAtMs: number;
  /** Another live task with its serial key goes first. */
  blocked: boolean;
  /** What it waits for and is not known to have succeeded; undefined: it does not wait. */
  waits: { for: Set<number>; onFailure: FailureRule } | undefined;
  execution: Execution | undefined;
  cancelRequested: boolean;
  superseded: boolean;
  /** Another one has waited for it, or it was retried by hand: it stays when it succeeds. */
  keep: boolean;
}

/** A task's run as its worker remembers it, whether or not it is still the task's own. */
export interface Execution {
  taskId: number;
  attempt: number;
  workerId: number;
}

export class TaskModel {
  nowMs = 0;
  readonly tasks = new Map<number, ModelTask>();
  /** When each worker's lease is past. */
  readonly leases = new Map<number, number>();
  readonly paused = new Set<string>();
  /** Queues of which succeeded tasks are not kept. */
  readonly forgetful = new Set<string>();
  /** How many may run at once, of the queues with a limit. */
  readonly limits = new Map<string, number>();
  /** What has ended and no hint has told yet, deleted ones too. */
  untoldEnds: { id: number; state: FinishedState | "deleted" }[] = [];

  /** @param newId of the task, should it be added. @returns what a caller is told, and the id of the task that it got. */
  enqueue(asked: Asked, newId: number): { id: number; outcome: EnqueueOutcome } {
    const equal = asked.key === undefined ? undefined : this.#live().find((task) => task.key === asked.key);
    const runAtMs = this.nowMs + asked.delayMs;
    const rule = asked.onConflict ?? "skip";
    if (equal !== undefined && rule === "skip") return { id: equal.id, outcome: "skipped" };
    if (equal?.state === "pending" && rule === "reschedule") {
      Object.assign(equal, { priority: asked.priority, runAtMs, plannedAtMs: runAtMs });
      return { id: equal.id, outcome: "rescheduled" };
    }
    if (equal?.state === "pending") this.#finish(equal, "cancelled");
    else if (equal !== undefined) Object.assign(equal, { key: undefined, superseded: true });
    this.#add(newId, runAtMs, asked);
    const added = this.tasks.get(newId);
    if (added !== undefined && asked.after !== undefined) {
      const { tasks, onFailure } = asked.after;
      const open = tasks.filter((id) => this.tasks.get(id)?.state !== "succeeded");
      added.waits = { for: new Set(open), onFailure };
      for (const live of this.#live()) if (open.includes(live.id)) live.keep = true;
      this.#settleWait(added);
    }
    this.#unblock();
    return { id: newId, outcome: equal?.state === "cancelled" ? "replaced" : "created" };
  }

  /** What a claim from all queues without a limit must get, in order. */
  claim(workerId: number, limit: number): Execution[] {
    return this.#start(workerId, limit, (queue) => !this.limits.has(queue));
  }

  /** The same, from one queue with a limit. */
  claimLimited(workerId: number, limit: number, queue: string): Execution[] {
    const running = this.#live().filter((task) => task.state === "running" && task.queue === queue);
    const room = Math.max(0, (this.limits.get(queue) ?? 0) - running.length);
    return this.#start(workerId, Math.min(limit, room), (each) => each === queue);
  }

  /** @param nextId of the next run, should the task repeat. @returns whether the outcome is taken. */
  complete(execution: Execution, outcome: Outcome, nextId: number | undefined): boolean {
    const task = this.tasks.get(execution.taskId);
    if (task?.execution !== execution) return false;
    const transition = settle(task, outcome);
    if (transition.to === "pending") this.#return(task, transition);
    else {
      const ends = task.repeatMs === undefined || task.cancelRequested || task.superseded;
      this.#finish(task, transition.state);
      if (transition.state === "succeeded" && !ends && nextId !== undefined) this.#repeat(task, nextId);
      if (transition.state === "succeeded" && this.forgetful.has(task.queue) && !task.keep)
        this.tasks.delete(task.id);
    }
    this.#unblock();
    return true;
  }

  /** @returns the ids of the tasks that dead workers held. */
  rescue(): number[] {
    const dead = [...this.leases].filter(([, untilMs]) => untilMs < this.nowMs).map(([workerId]) => workerId);
    for (const workerId of dead) this.leases.delete(workerId);
    const held = this.#live().filter((task) => dead.includes(task.execution?.workerId ?? 0));
    for (const task of held) {
      if (task.cancelRequested || task.superseded) this.#finish(task, "cancelled");
      else if (task.attempt >= task.maxAttempts) this.#finish(task, "failed");
      else Object.assign(task, { state: "pending", execution: undefined });
    }
    this.#unblock();
    return held.map((task) => task.id);
  }

  cancel(id: number): void {
    const task = this.tasks.get(id);
    if (task?.state === "pending") this.#finish(task, "cancelled");
    else if (task?.state === "running") task.cancelRequested = true;
    this.#unblock();
  }

  /** @returns false: refused, since a live task has its key. */
  retry(id: number): boolean {
    const task = this.tasks.get(id);
    if (task?.state === "pending")
      Object.assign(task, { runAtMs: Math.min(task.runAtMs, this.nowMs), waits: undefined });
    else if (task?.state === "failed" || task?.state === "cancelled") {
      if (task.key !== undefined && this.#live().some((live) => live.key === task.key)) return false;
      const maxAttempts = Math.max(task.maxAttempts, task.attempt + 1);
      const blocked = task.serialKey !== undefined;
      Object.assign(task, { state: "pending", runAtMs: this.nowMs, maxAttempts, blocked, keep: true });
      this.#unblock();
    }
    return true;
  }

  delete(id: number): void {
    if (this.tasks.get(id)?.state !== "running" && this.tasks.delete(id))
      this.untoldEnds.push({ id, state: "deleted" });
    this.#unblock();
  }

  /** Ends the waits that what has ended since the last hint may end: all that can be, for before it none could. */
  tellEnds(): void {
    for (const { id, state } of this.untoldEnds.splice(0))
      if (state === "succeeded") for (const { waits } of this.#waiting()) waits?.for.delete(id);
    this.#settleWaits();
  }

  /** Ends all waits that can be, by what there is to see now. */
  lookThroughWaits(): void {
    for (const { waits } of this.#waiting())
      for (const id of waits?.for ?? []) if (this.tasks.get(id)?.state === "succeeded") waits?.for.delete(id);
    this.untoldEnds = [];
    this.#settleWaits();
  }

  #waiting(): ModelTask[] {
    return this.#live().filter((task) => task.waits !== undefined);
  }

  /** A failure is an end that others may wait for. */
  #settleWaits(): void {
    while (this.#waiting().some((task) => this.#settleWait(task)));
    this.untoldEnds = [];
    this.#unblock();
  }

  /** @returns whether the wait has ended. */
  #settleWait(task: ModelTask): boolean {
    if (task.waits === undefined) return false;
    const states = [...task.waits.for].map((id) => this.tasks.get(id)?.state);
    if (states.some((state) => state === "pending" || state === "running")) return false;
    const inVain = task.waits.onFailure === "fail" && states.some((state) => state !== "succeeded");
    if (inVain) this.#finish(task, "failed");
    task.waits = undefined;
    return true;
  }

  #live(): ModelTask[] {
    return [...this.tasks.values()].filter((task) => task.state === "pending" || task.state === "running");
  }

  #add(id: number, runAtMs: number, asked: Omit<Asked, "delayMs" | "onConflict" | "after">): void {
    const { queue, priority, maxAttempts, repeatMs, serialKey, key } = asked;
    this.tasks.set(id, {
      ...{ id, queue, priority, maxAttempts, repeatMs, serialKey, key, runAtMs, plannedAtMs: runAtMs },
      ...{ state: "pending", attempt: 0, execution: undefined, cancelRequested: false, superseded: false },
      blocked: serialKey !== undefined,
      waits: undefined,
      keep: false,
    });
  }

  #start(workerId: number, limit: number, isFrom: (queue: string) => boolean): Execution[] {
    const due = [...this.tasks.values()]
      .filter((task) => task.state === "pending" && !task.blocked && task.waits === undefined)
      .filter((task) => task.runAtMs <= this.nowMs)
      .filter(({ queue }) => isFrom(queue) && !this.paused.has(queue))
      .sort((a, b) => b.priority - a.priority || a.runAtMs - b.runAtMs || a.id - b.id)
      .slice(0, limit);
    return due.map((task) => {
      const execution: Execution = { taskId: task.id, attempt: task.attempt + 1, workerId };
      Object.assign(task, { state: "running", attempt: execution.attempt, execution });
      return execution;
    });
  }

  #return(task: ModelTask, { delayMs, counted }: Extract<Transition, { to: "pending" }>): void {
    if (task.cancelRequested || task.superseded) this.#finish(task, "cancelled");
    else {
      const runAtMs = delayMs === 0 ? task.runAtMs : this.nowMs + delayMs;
      const attempt = task.attempt - (counted ? 0 : 1);
      Object.assign(task, { state: "pending", execution: undefined, runAtMs, attempt });
    }
  }

  #finish(task: ModelTask, state: FinishedState): void {
    const traces = { execution: undefined, cancelRequested: false, superseded: false, blocked: false };
    Object.assign(task, { state, waits: undefined, ...traces });
    this.untoldEnds.push({ id: task.id, state });
  }

  /** The first instant of its rhythm that is not past. */
  #repeat(task: ModelTask, nextId: number): void {
    const everyMs = task.repeatMs ?? 0;
    let nextAtMs = task.plannedAtMs + everyMs;
    while (nextAtMs < this.nowMs) nextAtMs += everyMs;
    this.#add(nextId, nextAtMs, task);
  }

  /** Of the live tasks with one serial key one may run: it stays the same until it has ended, then the first follows. */
  #unblock(): void {
    const inOrder = this.#live().sort((a, b) => a.id - b.id);
    // A first one that waits gives way to an earlier one, which has come back.
    for (const head of inOrder.filter((task) => !task.blocked && task.waits !== undefined))
      head.blocked = inOrder.some(
        ({ blocked, serialKey, id }) => blocked && serialKey === head.serialKey && id < head.id,
      );
    const heads = new Set(inOrder.filter((task) => !task.blocked).map((task) => task.serialKey));
    for (const task of inOrder) {
      if (!task.blocked || heads.has(task.serialKey)) continue;
      task.blocked = false;
      heads.add(task.serialKey);
    }
  }
}
