/**
 * How a handler enqueues further tasks: checked as at every other door. What a task may be is `task/new-task.ts`'s
 * affair, storing it the store's.
 */
import type { HandlerContext } from "../handlers/context.ts";
import type { HandlerRegistry } from "../handlers/handler.ts";
import type { Store } from "../store/connection.ts";
import { enqueueTask } from "../store/enqueue.ts";
import { enqueueBatchAndTell } from "../store/enqueue-and-tell.ts";
import { checkBatchKey, checkBatchTitle } from "../task/batch.ts";
import { isAdded } from "../task/enqueued.ts";
import type { CreatedEvent } from "../task/events.ts";
import { type CheckedTask, checkNewTask, type NewTask } from "../task/new-task.ts";

export type HandlerEnqueue = Pick<HandlerContext, "enqueue" | "enqueueBatch">;

export interface HandlerEnqueueOptions {
  store: Store;
  handlers: HandlerRegistry;
  /** The task whose attempt is given them; one pair an attempt. */
  taskId: number;
  emit: (event: CreatedEvent) => void;
}

export function createHandlerEnqueue(options: HandlerEnqueueOptions): HandlerEnqueue {
  const { store, handlers, taskId, emit } = options;
  /** The titles of this attempt's batches, by key. */
  const titles = new Map<string | undefined, string>();

  /** @throws OperatorError "usage", naming every fault. */
  function check(asked: NewTask): CheckedTask {
    const task = checkNewTask(asked);
    handlers.checkPayload(task.name, task.payload);
    return task;
  }

  async function* checkAll(asked: Iterable<NewTask> | AsyncIterable<NewTask>): AsyncGenerator<CheckedTask> {
    for await (const task of asked) yield check(task);
  }

  return {
    async enqueue(asked) {
      const task = check(asked);
      const enqueued = await enqueueTask(store, task);
      const { name, queue } = task;
      if (isAdded(enqueued)) emit({ kind: "created", task: { id: enqueued.id, name, queue, attempt: 0 } });
      return enqueued;
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
        return await enqueueBatchAndTell(store, emit, batch, checkAll(tasks));
      } catch (error) {
        // Nothing was stored: the handler may correct itself.
        titles.delete(key);
        throw error;
      }
    },
  };
}
