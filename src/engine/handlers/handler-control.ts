/**
 * How a handler looks up and controls tasks, queues and schedules: checked as at every other door. What the verbs do is
 * the store's; enqueuing is in `handler-enqueue.ts`.
 */
import type {
  BatchControl,
  DryRun,
  HandlerContext,
  QueueControl,
  ScheduleControl,
  TaskControl,
} from "../../handlers/context.ts";
import type { PayloadCheck } from "../../handlers/payload.ts";
import { findBatchDetail, listBatches } from "../../store/batch.ts";
import type { Store } from "../../store/connection.ts";
import { cancelBatch, deleteBatch, retryBatch } from "../../store/control/batch-control.ts";
import { cancelTask, cancelTasks, countCancellable } from "../../store/control/cancel.ts";
import { changeTask } from "../../store/control/change.ts";
import { countDeletable, deleteTask, deleteTasks } from "../../store/control/delete.ts";
import { countRetriable, retryTask, retryTasks } from "../../store/control/retry.ts";
import { findTask, listTasks } from "../../store/find.ts";
import { prune } from "../../store/history/prune.ts";
import { changeQueue, listQueues } from "../../store/queues.ts";
import { readTaskLog } from "../../store/read-log.ts";
import {
  addSchedule,
  findSchedule,
  listSchedules,
  pauseSchedule,
  removeSchedule,
  runScheduleNow,
} from "../../store/schedule/schedules.ts";
import { checkBatchListing } from "../../task/doors/batch.ts";
import { checkTaskChange } from "../../task/doors/change.ts";
import type { BulkResult } from "../../task/doors/control-result.ts";
import {
  type BulkFilter,
  cancellableStates,
  checkBulkFilter,
  checkListing,
  deletableStates,
  retriableStates,
} from "../../task/doors/filter.ts";
import { describeIssues, queueNameSchema } from "../../task/doors/new-task.ts";
import { checkQueueChange } from "../../task/doors/queue.ts";
import { checkNewSchedule, definedByFile } from "../../task/doors/schedule.ts";
import { OperatorError } from "../../task/errors.ts";
import type { Retention } from "../../task/retention.ts";
import type { TaskState } from "../../task/task.ts";

export type HandlerControl = Pick<HandlerContext, "tasks" | "batches" | "queues" | "schedules" | "prune">;

export interface HandlerControlOptions {
  store: Store;
  checkPayloads: PayloadCheck;
  retention: Retention;
}

/** One serves all attempts. */
export function createHandlerControl({
  store,
  checkPayloads,
  retention,
}: HandlerControlOptions): HandlerControl {
  return {
    tasks: taskControl(store, checkPayloads),
    batches: batchControl(store),
    queues: queueControl(store),
    schedules: scheduleControl(store, checkPayloads),
    prune: (options) => prune(store, retention, options),
  };
}

function taskControl(store: Store, checkPayloads: PayloadCheck): TaskControl {
  const many =
    (
      states: readonly TaskState[],
      act: (store: Store, filter: BulkFilter) => Promise<BulkResult>,
      count: (store: Store, filter: BulkFilter) => Promise<BulkResult>,
    ) =>
    async (asked: BulkFilter | { all: true }, { dryRun = false }: DryRun = {}) =>
      await (dryRun ? count : act)(store, checkBulkFilter(asked, states));
  return {
    find: (id) => findTask(store, id),
    log: (id, afterN) => readTaskLog(store, id, afterN),
    async list(asked, limit) {
      const listing = checkListing({ ...asked, limit });
      return await listTasks(store, listing, listing.limit);
    },
    cancel: (id) => cancelTask(store, id),
    retry: (id) => retryTask(store, id),
    async change(id, asked) {
      const change = checkTaskChange(asked);
      const name = change.payload === undefined ? undefined : (await findTask(store, id))?.name;
      if (name !== undefined) await checkPayloads([{ name, payload: change.payload }]);
      return await changeTask(store, id, change);
    },
    delete: (id) => deleteTask(store, id),
    cancelMany: many(cancellableStates, cancelTasks, countCancellable),
    retryMany: many(retriableStates, retryTasks, countRetriable),
    deleteMany: many(deletableStates, deleteTasks, countDeletable),
  };
}

function batchControl(store: Store): BatchControl {
  return {
    find: (id) => findBatchDetail(store, id),
    async list(asked, limit) {
      const listing = checkBatchListing({ ...asked, limit });
      return await listBatches(store, listing, listing.limit);
    },
    cancel: (id) => cancelBatch(store, id),
    retry: (id) => retryBatch(store, id),
    delete: (id) => deleteBatch(store, id),
  };
}

function queueControl(store: Store): QueueControl {
  return {
    list: () => listQueues(store),
    async change(asked, change) {
      const name = queueNameSchema().safeParse(asked);
      if (!name.success) throw new OperatorError("usage", describeIssues(name.error));
      return await changeQueue(store, name.data, checkQueueChange(name.data, change));
    },
  };
}

function scheduleControl(store: Store, checkPayloads: PayloadCheck): ScheduleControl {
  return {
    list: () => listSchedules(store),
    find: (name) => findSchedule(store, name),
    async add(asked) {
      const schedule = checkNewSchedule(asked);
      await checkPayloads([schedule.task]);
      if ((await addSchedule(store, schedule)) === "file") throw definedByFile(schedule.name);
      const added = await findSchedule(store, schedule.name);
      if (added === undefined) throw new Error(`schedule ${schedule.name} was removed meanwhile`);
      return added;
    },
    async remove(name) {
      const result = await removeSchedule(store, name);
      if (result === "file") throw definedByFile(name);
      return result === "removed";
    },
    pause: (name) => pauseSchedule(store, name, true),
    resume: (name) => pauseSchedule(store, name, false),
    runNow: (name) => runScheduleNow(store, name),
  };
}
