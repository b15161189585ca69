/**
 * How a handler looks up and controls tasks, queues and schedules: checked as at every other door. What the verbs do is
 * the store's; enqueuing is in `handler-enqueue.ts`.
 */
import type { HandlerContext, HandlerRegistry } from "../handlers/handler.ts";
import { cancelTask } from "../store/cancel.ts";
import { changeTask } from "../store/change.ts";
import type { Store } from "../store/connection.ts";
import { deleteTask } from "../store/delete.ts";
import { findTask } from "../store/find.ts";
import { changeQueue } from "../store/queues.ts";
import { retryTask } from "../store/retry.ts";
import { runScheduleNow } from "../store/schedules.ts";
import { checkTaskChange } from "../task/change.ts";
import { OperatorError } from "../task/errors.ts";
import { describeIssues, queueNameSchema } from "../task/new-task.ts";
import { checkQueueChange } from "../task/queue.ts";

export type HandlerControl = Pick<
  HandlerContext,
  "find" | "cancel" | "retry" | "change" | "delete" | "changeQueue" | "runSchedule"
>;

/** One serves all attempts. */
export function createHandlerControl(store: Store, handlers: HandlerRegistry): HandlerControl {
  return {
    find: (id) => findTask(store, id),
    cancel: (id) => cancelTask(store, id),
    retry: (id) => retryTask(store, id),
    async change(id, asked) {
      const change = checkTaskChange(asked);
      const name = change.payload === undefined ? undefined : (await findTask(store, id))?.name;
      if (name !== undefined) handlers.checkPayload(name, change.payload);
      return await changeTask(store, id, change);
    },
    delete: (id) => deleteTask(store, id),
    async changeQueue(asked, change) {
      const name = queueNameSchema.safeParse(asked);
      if (!name.success) throw new OperatorError("usage", describeIssues(name.error));
      return await changeQueue(store, name.data, checkQueueChange(change));
    },
    runSchedule: (name) => runScheduleNow(store, name),
  };
}
