/**
 * What a handler is given beside its payload: its task, a log, and the doors to tasks, queues and schedules. What the
 * verbs do is the store's, and the same at every door; `engine/handlers/handler-control.ts` and `handler-enqueue.ts` bind them.
 */
import type { Batch, BatchDetail, BatchFilter } from "../task/doors/batch.ts";
import type { TaskChangeInput } from "../task/doors/change.ts";
import type { BulkResult, ControlResult } from "../task/doors/control-result.ts";
import type { EnqueuedBatch, EnqueuedTask } from "../task/doors/enqueued.ts";
import type { BulkFilter, TaskFilter } from "../task/doors/filter.ts";
import type { NewTask } from "../task/doors/new-task.ts";
import type { Queue, QueueChangeInput } from "../task/doors/queue.ts";
import type { NewSchedule, Schedule } from "../task/doors/schedule.ts";
import type { PrunedPartition } from "../task/retention.ts";
import type { ClaimedTask, Task, TaskSummary } from "../task/task.ts";
import type { TaskLog } from "../task/task-log.ts";

/**
 * Everything but `log` and `progress` is done at once, as at the other doors, whatever comes of this attempt. Nothing
 * of it while `enqueueBatch` reads its tasks: each needs a connection, and the handlers have few.
 */
export interface HandlerContext {
  readonly task: Omit<ClaimedTask, "payload">;
  /** Aborted at the time-out, on cancel and when the worker stops: pass it on to whatever waits. */
  readonly signal: AbortSignal;
  /**
   * A line in the worker's log, with the task's id, name, queue and attempt, and among those that the task keeps: see
   * `task/task-log.ts`.
   */
  log(message: string, fields?: Record<string, unknown>): void;
  /**
   * @param fraction 0 to 1. Stored at most once a second; the newest wins and stays when the task is finished. A
   * further attempt begins without.
   */
  progress(fraction: number, message?: string): void;
  /**
   * Enqueues a task; a repeated attempt enqueues it again. With a `key` of this task's making, such as
   * `report:${task.id}`, it finds the earlier one while that is live.
   * @throws OperatorError "usage" for what is no task, or the driver's error: nothing was enqueued then.
   */
  enqueue(task: NewTask): Promise<EnqueuedTask>;
  /**
   * Enqueues all of `tasks`, or none when reading them throws. Once a task: a repeated attempt finds the batch that
   * an earlier one has enqueued and adds nothing. A second batch in one attempt needs a `key` that tells it from the
   * first, and so that a repeated attempt finds it too, the same each time.
   */
  enqueueBatch(
    title: string,
    tasks: Iterable<NewTask> | AsyncIterable<NewTask>,
    options?: BatchOptions,
  ): Promise<EnqueuedBatch>;
  readonly tasks: TaskControl;
  readonly batches: BatchControl;
  readonly queues: QueueControl;
  readonly schedules: ScheduleControl;
  /**
   * Drops what is past its retention, as the worker does hourly, or only tells what that would be.
   * @throws OperatorError "unavailable" when another session locks the history.
   */
  prune(options?: DryRun): Promise<PrunedPartition[]>;
}

export interface BatchOptions {
  /** Tells this task's batches apart. */
  key?: string;
  /**
   * Enqueued with the batch; runs, once, when none of its tasks is live any more, however they ended. It finds the
   * batch's id in `context.task.after`.
   */
  whenComplete?: NewTask;
}

export interface DryRun {
  /** Only tell, change nothing. */
  dryRun?: boolean;
}

export interface TaskControl {
  /** As it is stored now, live or finished; undefined: there is none, or its history was pruned. */
  find(id: number): Promise<Task | undefined>;
  /**
   * What its handler has logged, stored within a second: the newest 200 lines, or those of them after line `afterN`;
   * undefined: as for `find`.
   */
  log(id: number, afterN?: number): Promise<TaskLog | undefined>;
  /** The newest first; `limit` from 1 to 500, default 50. Go on with the last one's id as `beforeId`. */
  list(filter?: TaskFilter, limit?: number): Promise<TaskSummary[]>;
  /** Cancels a pending task, or has a running one aborted, wherever it runs; its own, too. */
  cancel(id: number): Promise<ControlResult>;
  /**
   * Makes a failed or cancelled task pending again, or a pending one due now.
   * @throws OperatorError "conflict" when another live task has its key meanwhile.
   */
  retry(id: number): Promise<ControlResult>;
  /**
   * Changes a pending task's payload, priority or time; one that is claimed first runs unchanged.
   * @throws OperatorError "usage" for a change that a new task could not have either.
   */
  change(id: number, change: TaskChangeInput): Promise<ControlResult>;
  /** Deletes a pending or finished task for good. A running one is left as it is. */
  delete(id: number): Promise<ControlResult>;
  /**
   * As `cancel`, for all pending and running tasks that match.
   * @throws OperatorError "usage", as the next two, for no filter: all tasks are `{ all: true }`.
   */
  cancelMany(filter: BulkFilter | { all: true }, options?: DryRun): Promise<BulkResult>;
  /** As `retry`; without a state it takes the failed ones. Tasks whose key is taken are left as they are. */
  retryMany(filter: BulkFilter | { all: true }, options?: DryRun): Promise<BulkResult>;
  /** As `delete`; takes pending and finished tasks. */
  deleteMany(filter: BulkFilter | { all: true }, options?: DryRun): Promise<BulkResult>;
}

export interface BatchControl {
  /** With its totals, and a sample of its errors; undefined: there is none, or it was deleted or pruned. */
  find(id: number): Promise<BatchDetail | undefined>;
  /** The newest first; `limit` from 1 to 100, default 20. Go on with the last one's id as `beforeId`. */
  list(filter?: BatchFilter, limit?: number): Promise<Batch[]>;
  /**
   * Cancels its pending tasks and has its running ones aborted, its own task, too, if that is one of them.
   * @returns undefined, as the next two: there is no such batch.
   */
  cancel(id: number): Promise<BulkResult | undefined>;
  /** Makes its failed tasks pending again. Those whose key is taken are left as they are. */
  retry(id: number): Promise<BulkResult | undefined>;
  /**
   * Deletes the batch with all its tasks. `complete` is false where a task was claimed meanwhile: it and the batch stay.
   * @throws OperatorError "conflict" when tasks of it run: nothing was deleted then.
   */
  delete(id: number): Promise<BulkResult | undefined>;
}

export interface QueueControl {
  /** Every queue that a task or an operator has named, by name. */
  list(): Promise<Queue[]>;
  /**
   * Pauses, resumes or limits a queue, or says what is kept of it; one that is new is made.
   * @throws OperatorError "usage"; "conflict" for the rate of the queue whose rate is a setting, `fiscaut`.
   */
  change(name: string, change: QueueChangeInput): Promise<Queue>;
}

export interface ScheduleControl {
  /** By name. */
  list(): Promise<Schedule[]>;
  find(name: string): Promise<Schedule | undefined>;
  /**
   * Defines a schedule, or anew the one of that name.
   * @throws OperatorError "usage" for what is no schedule, "conflict" where a configuration file defines it.
   */
  add(schedule: NewSchedule): Promise<Schedule>;
  /**
   * Tasks that it has enqueued stay.
   * @returns false, as below: there is no such schedule.
   * @throws OperatorError "conflict" where a configuration file defines it.
   */
  remove(name: string): Promise<boolean>;
  pause(name: string): Promise<boolean>;
  /** It goes on with its next tick. */
  resume(name: string): Promise<boolean>;
  /**
   * Enqueues its task now, beside its ticks and also when it is paused.
   * @returns the task's id; undefined: there is no such schedule.
   */
  runNow(name: string): Promise<number | undefined>;
}
