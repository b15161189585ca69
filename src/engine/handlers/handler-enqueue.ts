/**
 * How a handler enqueues further tasks: checked as at every other door. What a task may be is `task/doors/new-task.ts`'s
 * affair, storing it the store's.
 */
import type { HandlerContext } from "../../handlers/context.ts";
import type { PayloadCheck } from "../../handlers/payload.ts";
import type { Store } from "../../store/connection.ts";
import { enqueueTask } from "../../store/enqueue/enqueue.ts";
import { enqueueChunks } from "../../store/enqueue/enqueue-batch.ts";
import { chunkLimits, type TaskChunk, toChunk } from "../../store/enqueue/task-chunk.ts";
import { checkBatchKey, checkBatchTitle } from "../../task/doors/batch.ts";
import {
  type CheckedTask,
  checkNewTask,
  checkStorableTask,
  type NewTask,
} from "../../task/doors/new-task.ts";
import { inChunks } from "../../task/in-chunks.ts";

export type HandlerEnqueue = Pick<HandlerContext, "enqueue" | "enqueueBatch">;

export interface HandlerEnqueueOptions {
  store: Store;
  checkPayloads: PayloadCheck;
  /** The task whose attempt is given them; one pair an attempt. */
  taskId: number;
}

export function createHandlerEnqueue(options: HandlerEnqueueOptions): HandlerEnqueue {
  const { store, checkPayloads, taskId } = options;
  /** The titles of this attempt's batches, by key. */
  const titles = new Map<string | undefined, string>();

  /** @throws OperatorError "usage", naming every fault. */
  async function check(asked: NewTask): Promise<CheckedTask> {
    const task = checkNewTask(asked);
    await checkPayloads([task]);
    return task;
  }

  async function* checkAll(asked: Iterable<NewTask> | AsyncIterable<NewTask>): AsyncGenerator<TaskChunk> {
    for await (const chunk of inChunks(asked, chunkLimits, checkStorableTask)) {
      await checkPayloads(chunk);
      yield toChunk(chunk);
    }
  }

  return {
    async enqueue(asked) {
      return await enqueueTask(store, await check(asked));
    },
    async enqueueBatch(title, tasks, options = {}) {
      const key = options.key === undefined ? undefined : checkBatchKey(options.key);
      const batch = { title: checkBatchTitle(title), skipped: {}, enqueuedBy: taskId, key };
      // The second would find the first, as a repeated attempt's does, and be lost without a word.
      const earlier = titles.get(key);
      if (earlier !== undefined)
        throw new Error(
          `this task has enqueued ${JSON.stringify(earlier)} already: a further batch needs a key of its own`,
        );
      titles.set(key, title);
      try {
        const { whenComplete } = options;
        const completion = whenComplete === undefined ? {} : { whenComplete: await check(whenComplete) };
        return await enqueueChunks(store, { ...batch, ...completion }, checkAll(tasks));
      } catch (error) {
        // Nothing was stored: the handler may correct itself.
        titles.delete(key);
        throw error;
      }
    },
  };
}
