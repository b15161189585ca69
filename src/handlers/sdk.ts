/**
 * All that an operator's file finds in `import ... from "fiscaut-tasks"`, with the types that an editor shows for it.
 * Serving it to those files is `import-file.ts`'s work; `handlers types` writes its types for the editor.
 */
export { z } from "zod";
export type { Batch, BatchDetail, BatchError, BatchFilter } from "../task/doors/batch.ts";
export type { TaskChangeInput } from "../task/doors/change.ts";
export type { BulkResult, ControlResult } from "../task/doors/control-result.ts";
export type { EnqueuedBatch, EnqueuedTask } from "../task/doors/enqueued.ts";
export type { BulkFilter, TaskFilter } from "../task/doors/filter.ts";
export type { NewTask } from "../task/doors/new-task.ts";
export type { Queue, QueueChangeInput } from "../task/doors/queue.ts";
export type { NewSchedule, Schedule } from "../task/doors/schedule.ts";
export { OperatorError } from "../task/errors.ts";
export type { TaskReference } from "../task/events.ts";
export type { Moment, MomentKind } from "../task/life.ts";
export { PermanentError, RetryAfter, Snooze } from "../task/outcome.ts";
export type { PrunedPartition } from "../task/retention.ts";
export type { AttemptError, ClaimedTask, Progress, Task, TaskState, TaskSummary } from "../task/task.ts";
export type { Pace } from "../task/time/pace.ts";
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
