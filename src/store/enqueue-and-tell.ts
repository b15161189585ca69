/** Enqueues a batch and tells of it in one event. Storing it is `enqueue.ts`'s work. */
import type { EnqueuedBatch, NewBatch } from "../task/enqueued.ts";
import type { CreatedEvent, LaneCount } from "../task/events.ts";
import type { CheckedTask } from "../task/new-task.ts";
import type { Store } from "./connection.ts";
import { enqueueBatch } from "./enqueue.ts";

/** As `enqueueBatch`, with one event for what was added; none for a batch that was there already. */
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
