/**
 * What a task is, once stored: the one shape that the store returns and that HTTP, the command line and
 * handlers show. How a task moves from state to state is told by `settle.ts`.
 */
import type { After } from "./doors/after.ts";
import type { Repeat } from "./time/repeat.ts";

/** "scheduled" is pending with a future `runAt`; "retrying" is pending with `attempt > 0`; see also `waiting`. */
export const taskStates = ["pending", "running", "succeeded", "failed", "cancelled"] as const;
export type TaskState = (typeof taskStates)[number];

/** States that a task never leaves by itself; its row is in `task_history`. */
export type FinishedState = Exclude<TaskState, "pending" | "running">;

export const isFinished = (state: TaskState): state is FinishedState =>
  state !== "pending" && state !== "running";

/** Why one attempt did not succeed. The newest `keptErrors` of a task are kept, oldest first. */
export interface AttemptError {
  attempt: number;
  /** ISO 8601, the database's clock. */
  at: string;
  workerId: number | null;
  message: string;
  stack: string | null;
}

export const keptErrors = 10;

export interface Progress {
  /** 0 to 1. */
  fraction: number;
  message: string | null;
}

/** One line of a list: what a task has but for its payload, result and all of its errors, which may be large. */
export interface TaskSummary {
  id: number;
  name: string;
  queue: string;
  title: string | null;
  /** No two live tasks have the same; null: any number may be equal to this one. */
  key: string | null;
  state: TaskState;
  priority: number;
  /** Times that a worker has claimed it; 0 before the first. With `workerId`, the fencing token. */
  attempt: number;
  maxAttempts: number;
  timeoutMs: number | null;
  /** As `backoff.ts` writes it; null: its handler's. */
  backoff: string | null;
  batchId: number | null;
  workerId: number | null;
  createdAt: Date;
  /** When it is, or was, due. */
  runAt: Date;
  /** When the last attempt started. */
  startedAt: Date | null;
  finishedAt: Date | null;
  progress: Progress | null;
  /** How long the attempt under way still takes, going by its progress; null: it tells none, or has just begun. */
  etaSeconds: number | null;
  /** The schedule that enqueued it. */
  scheduleId: number | null;
  /** Of a repeating or scheduled task: the instant that this run was meant for, which retries do not move. */
  plannedAt: Date | null;
  repeat: Repeat | null;
  /** Pending, but neither due nor scheduled until the tasks and batches of its `after` have ended. */
  waiting: boolean;
  /** The newest one; a task that succeeded after all may have one. */
  error: AttemptError | null;
}

/** All of one task. */
export interface Task extends TaskSummary {
  /** Of the live tasks with one key only the first enqueued may run. */
  serialKey: string | null;
  /** What it waits for, or has waited for before it ran. */
  after: After | null;
  /** Of that, while it waits, what has not succeeded yet. */
  waitsFor: Predecessor[];
  payload: unknown;
  result: unknown;
  errors: AttemptError[];
}

/** A task or batch that another one waits for. */
export type Predecessor =
  /** "deleted": its row is gone, also by pruning. */
  | { taskId: number; state: TaskState | "deleted" }
  /** `live` of its tasks are pending or running, `failed` have failed or were cancelled. */
  | { batchId: number; live: number; failed: number };

/** What a worker holds of a task that it has claimed. */
export interface ClaimedTask {
  id: number;
  name: string;
  queue: string;
  priority: number;
  payload: unknown;
  attempt: number;
  maxAttempts: number;
  timeoutMs: number | null;
  backoff: string | null;
  batchId: number | null;
  runAt: Date;
  serialKey: string | null;
  /** It counts against its queue's `maxRunning`: its end may let another one start, anywhere. */
  holdsSlot: boolean;
  /**
   * The database's own text of when it was claimed, to the microsecond. Where an attempt is taken back, its number
   * comes again under the same worker: this tells the two apart.
   */
  claimedAt: string;
  /** See `TaskSummary`: what a daily report is about must not depend on when its retry runs. */
  plannedAt: Date | null;
  /** What it has waited for. A batch's completion task finds its batch here. */
  after: After | null;
  /** The number of its newest log line, from which this attempt counts on; 0: it has none. */
  lastLine: number;
  /** Its attempt counts only once its outcome is stored: should the worker die, it is taken back. So it may wait for a slot. */
  mayWait: boolean;
}

/** The highest priority first, then the longest due, then the lowest id. */
export const byClaimOrder = (a: ClaimedTask, b: ClaimedTask) =>
  b.priority - a.priority || a.runAt.getTime() - b.runAt.getTime() || a.id - b.id;
