/**
 * How a handler enqueues further tasks: checked as at every other door. What a task may be is `task/new-task.ts`'s
 * affair, storing it the store's.
 */
import type { HandlerContext } from "../handlers/context.ts";
import type { HandlerRegistry } from "../handlers/handler.ts";
import type { Store } from "../store/connection.ts";
import { enqueueBatch, enqueueTask } from "../store/enqueue.ts";
import { type EnqueuedBatch, isAdded, type NewBatch } from "../task/enqueued.ts";
import type { CreatedEvent, LaneCount } from "../task/events.ts";
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
  let batchTitle: string | undefined;

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
    async enqueueBatch(title, tasks, { whenComplete } = {}) {
      // The second would find the first, as a repeated attempt's does, and be lost without a word.
      if (batchTitle !== undefined)
        throw new Error(`a task enqueues one batch at the most, and this one has enqueued "${batchTitle}"`);
      batchTitle = title;
      try {
        const completion = whenComplete === undefined ? {} : { whenComplete: check(whenComplete) };
        const batch = { title, skipped: {}, enqueuedBy: taskId, ...completion };
        return await enqueueBatchAndTell(store, emit, batch, checkAll(tasks));
      } catch (error) {
        // Nothing was stored: the handler may correct itself.
        batchTitle = undefined;
        throw error;
      }
    },
  };
}

/** As the store's `enqueueBatch`, with one event for what was added; none for a batch that was there already. */
export async function enqueueBatchAndTell(
  store: Store,
  emit: (event: CreatedEvent) => void,
  batch: NewBatch,
  tasks: Iterable<CheckedTask> | AsyncIterable<CheckedTask>,
): Promise<EnqueuedBatch> {
  const lanes = new Map<string, LaneCount>();
  const count = ({ name, queue }: CheckedTask) => {
    // Neither may hold a space.
    const key = `${name} ${queue}`;
    const lane = lanes.get(key);
    if (lane === undefined) lanes.set(key, { name, queue, count: 1 });
    else lane.count += 1;
  };
  const enqueued = await enqueueBatch(store, batch, tasks, count);
  if (enqueued.created) emit({ kind: "batch-created", batchId: enqueued.id, added: [...lanes.values()] });
  return enqueued;
}
