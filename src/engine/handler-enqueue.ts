/**
 * How a handler enqueues further tasks: checked as at every other door. What a task may be is `task/new-task.ts`'s
 * affair, storing it the store's.
 */
import type { HandlerContext, HandlerRegistry } from "../handlers/handler.ts";
import type { Store } from "../store/connection.ts";
import { enqueueBatch, enqueueTask } from "../store/enqueue.ts";
import { OperatorError } from "../task/errors.ts";
import { type CheckedTask, checkNewTask, describeIssues, type NewTask } from "../task/new-task.ts";

export type HandlerEnqueue = Pick<HandlerContext, "enqueue" | "enqueueBatch">;

/** @param taskId the task whose attempt is given them; one pair an attempt. */
export function createHandlerEnqueue(
  store: Store,
  handlers: HandlerRegistry,
  taskId: number,
): HandlerEnqueue {
  let batchTitle: string | undefined;

  /** @throws OperatorError "usage", naming every fault. */
  function check(asked: NewTask): CheckedTask {
    const task = checkNewTask(asked);
    // Whom only another worker has a handler for is enqueued unchecked.
    const payload = handlers.get(task.name)?.payload.safeParse(task.payload);
    if (payload?.success === false)
      throw new OperatorError("usage", `the payload is not ${task.name}'s: ${describeIssues(payload.error)}`);
    return task;
  }

  async function* checkAll(asked: Iterable<NewTask> | AsyncIterable<NewTask>): AsyncGenerator<CheckedTask> {
    for await (const task of asked) yield check(task);
  }

  return {
    enqueue: async (task) => await enqueueTask(store, check(task)),
    async enqueueBatch(title, tasks) {
      // The second would find the first, as a repeated attempt's does, and be lost without a word.
      if (batchTitle !== undefined)
        throw new Error(`a task enqueues one batch at the most, and this one has enqueued "${batchTitle}"`);
      batchTitle = title;
      try {
        return await enqueueBatch(store, { title, skipped: {}, enqueuedBy: taskId }, checkAll(tasks));
      } catch (error) {
        // Nothing was stored: the handler may correct itself.
        batchTitle = undefined;
        throw error;
      }
    },
  };
}
