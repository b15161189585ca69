/**
 * All that an operator's file finds in `import ... from "fiscaut-tasks"`, with the types that an editor shows for it.
 * Serving it to those files is `import-file.ts`'s work; `handlers types` writes its types for the editor.
 */
export { z } from "zod";
export type { Batch, BatchDetail, BatchError, BatchFilter } from "../task/batch.ts";
export type { TaskChangeInput } from "../task/change.ts";
export type { BulkResult, ControlResult } from "../task/control-result.ts";
export type { EnqueuedBatch, EnqueuedTask } from "../task/enqueued.ts";
export { OperatorError } from "../task/errors.ts";
export type { TaskReference } from "../task/events.ts";
export type { BulkFilter, TaskFilter } from "../task/filter.ts";
export type { Moment, MomentKind } from "../task/life.ts";
export type { NewTask } from "../task/new-task.ts";
export { PermanentError, RetryAfter, Snooze } from "../task/outcome.ts";
export type { Queue, QueueChangeInput } from "../task/queue.ts";
export type { PrunedPartition } from "../task/retention.ts";
export type { NewSchedule, Schedule } from "../task/schedule.ts";
export type { AttemptError, ClaimedTask, Progress, Task, TaskState, TaskSummary } from "../task/task.ts";
export type {
  BatchControl,
  BatchOptions,
  DryRun,
  HandlerContext,
  QueueControl,
  ScheduleControl,
  TaskControl,
} from "./context.ts";
export { defineHandler, type HandlerDefinition } from "./definition.ts";
export type { PayloadSchema } from "./payload.ts";
