/**
 * How a handler enqueues further tasks: checked as at every other door. What a task may be is `task/new-task.ts`'s
 * affair, storing it the store's.
 */
import type { HandlerContext } from "../handlers/context.ts";
import type { PayloadCheck } from "../handlers/payload.ts";
import type { Store } from "../store/connection.ts";
import { enqueueBatch, enqueueTask } from "../store/enqueue.ts";
import { type CheckedTask, checkNewTask, type NewTask } from "../task/new-task.ts";

export type HandlerEnqueue = Pick<HandlerContext, "enqueue" | "enqueueBatch">;

export interface HandlerEnqueueOptions {
  store: Store;
  checkPayloads: PayloadCheck;
  /** The task whose attempt is given them; one pair an attempt. */
  taskId: number;
}

export function createHandlerEnqueue(options: HandlerEnqueueOptions): HandlerEnqueue {
  const { store, checkPayloads, taskId } = options;
  let batchTitle: string | undefined;

  /** @throws OperatorError "usage", naming every fault. */
  async function check(asked: NewTask): Promise<CheckedTask> {
    const task = checkNewTask(asked);
    await checkPayloads([task]);
    return task;
  }

  async function* checkAll(asked: Iterable<NewTask> | AsyncIterable<NewTask>): AsyncGenerator<CheckedTask> {
    for await (const task of asked) yield await check(task);
  }

  return {
    async enqueue(asked) {
      return await enqueueTask(store, await check(asked));
    },
    async enqueueBatch(title, tasks, { whenComplete } = {}) {
      // The second would find the first, as a repeated attempt's does, and be lost without a word.
      if (batchTitle !== undefined)
        throw new Error(`a task enqueues one batch at the most, and this one has enqueued "${batchTitle}"`);
      batchTitle = title;
      try {
        const completion = whenComplete === undefined ? {} : { whenComplete: await check(whenComplete) };
        const batch = { title, skipped: {}, enqueuedBy: taskId, ...completion };
        return await enqueueBatch(store, batch, checkAll(tasks));
      } catch (error) {
        // Nothing was stored: the handler may correct itself.
        batchTitle = undefined;
        throw error;
      }
    },
  };
}
