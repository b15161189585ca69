/**
 * What a task's life must be, as plain TypeScript: the model that `life.test.ts` holds the store to. It knows nothing
 * of SQL; time is a number that the test moves on.
 */
import type { Outcome } from "../../src/task/outcome.ts";
import { settle } from "../../src/task/settle.ts";
import type { TaskState } from "../../src/task/task.ts";

export interface ModelTask {
  id: number;
  state: TaskState;
  attempt: number;
  maxAttempts: number;
  priority: number;
  runAtMs: number;
  workerId: number | undefined;
  cancelRequested: boolean;
}

/** An execution as a worker remembers it, whether or not it is still the task's own. */
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
  /** All that ever started and that no outcome has been told of. */
  readonly executions: Execution[] = [];

  enqueue(task: Pick<ModelTask, "id" | "maxAttempts" | "priority" | "runAtMs">): void {
    this.tasks.set(task.id, {
      ...task,
      state: "pending",
      attempt: 0,
      workerId: undefined,
      cancelRequested: false,
    });
  }

  /** The ids that a claim must get, in order. */
  claim(workerId: number, limit: number): number[] {
    const due = [...this.tasks.values()]
      .filter((task) => task.state === "pending" && task.runAtMs <= this.nowMs)
      .sort((a, b) => b.priority - a.priority || a.runAtMs - b.runAtMs || a.id - b.id)
      .slice(0, limit);
    for (const task of due) {
      Object.assign(task, { state: "running", attempt: task.attempt + 1, workerId });
      this.executions.push({ taskId: task.id, attempt: task.attempt, workerId });
    }
    return due.map((task) => task.id);
  }

  /** @returns whether the outcome is the task's own and so is taken. */
  complete(execution: Execution, outcome: Outcome): boolean {
    this.executions.splice(this.executions.indexOf(execution), 1);
    const task = this.tasks.get(execution.taskId);
    const isOwn =
      task?.state === "running" && task.attempt === execution.attempt && task.workerId === execution.workerId;
    if (!isOwn) return false;
    const transition = settle(task, outcome);
    if (transition.to === "finished") this.#finish(task, transition.state);
    else if (task.cancelRequested) this.#finish(task, "cancelled");
    else {
      const runAtMs = transition.delayMs === 0 ? task.runAtMs : this.nowMs + transition.delayMs;
      const attempt = task.attempt - (transition.counted ? 0 : 1);
      Object.assign(task, { state: "pending", workerId: undefined, runAtMs, attempt });
    }
    return true;
  }

  /** @returns the ids of the tasks that dead workers held. */
  rescue(): number[] {
    const dead = [...this.leases].filter(([, untilMs]) => untilMs < this.nowMs).map(([workerId]) => workerId);
    for (const workerId of dead) this.leases.delete(workerId);
    const held = [...this.tasks.values()].filter(
      (task) => task.state === "running" && dead.includes(task.workerId ?? 0),
    );
    for (const task of held) {
      if (task.cancelRequested) this.#finish(task, "cancelled");
      else if (task.attempt >= task.maxAttempts) this.#finish(task, "failed");
      else Object.assign(task, { state: "pending", workerId: undefined });
    }
    return held.map((task) => task.id);
  }

  cancel(id: number): void {
    const task = this.tasks.get(id);
    if (task?.state === "pending") this.#finish(task, "cancelled");
    else if (task?.state === "running") task.cancelRequested = true;
  }

  retry(id: number): void {
    const task = this.tasks.get(id);
    if (task?.state === "pending") task.runAtMs = Math.min(task.runAtMs, this.nowMs);
    else if (task?.state === "failed" || task?.state === "cancelled")
      Object.assign(task, {
        state: "pending",
        runAtMs: this.nowMs,
        maxAttempts: Math.max(task.maxAttempts, task.attempt + 1),
      });
  }

  #finish(task: ModelTask, state: TaskState): void {
    Object.assign(task, { state, workerId: undefined, cancelRequested: false });
  }
}
