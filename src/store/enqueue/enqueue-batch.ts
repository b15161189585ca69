/**
 * Puts a batch of tasks into the store: its transaction, and what workers are told after it. Filling it is
 * `insert-batch.ts`'s work, checking its tasks `task/doors/new-task.ts`'s.
 */
import { keyOfTask } from "../../task/doors/batch.ts";
import { type EnqueuedBatch, isAdded, type NewBatch } from "../../task/doors/enqueued.ts";
import { type CheckedTask, toStorable } from "../../task/doors/new-task.ts";
import { inChunks } from "../../task/in-chunks.ts";
import type { Store } from "../connection.ts";
import type { Sql } from "../sql.ts";
import { tellOf, tellWaiting } from "./enqueue.ts";
import { type InsertedBatch, insertBatch } from "./insert-batch.ts";
import { chunkLimits, type TaskChunks, toChunks } from "./task-chunk.ts";

/**
 * Enqueues all of `tasks` or, when reading them or the database fails midway, none: one transaction.
 * Memory stays bounded by a chunk, however many there are.
 */
export function enqueueBatch(
  store: Store,
  batch: NewBatch,
  tasks: Iterable<CheckedTask> | AsyncIterable<CheckedTask>,
): Promise<EnqueuedBatch> {
  return enqueueChunks(store, batch, toChunks(inChunks(tasks, chunkLimits, toStorable)));
}

/** As `enqueueBatch`. */
export async function enqueueChunks(
  store: Store,
  batch: NewBatch,
  chunks: TaskChunks,
): Promise<EnqueuedBatch> {
  const key = batch.enqueuedBy === null ? (batch.key ?? null) : keyOfTask(batch.enqueuedBy, batch.key);
  const enqueued = await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    const inserted = await insertBatch(sql, batch, key, chunks);
    return inserted === undefined
      ? { ...(await findByKey(sql, key)), created: false as const }
      : { ...inserted, created: true as const };
  });
  const { id, total, skipped, created } = enqueued;
  if (enqueued.created) await tellOfBatch(store, enqueued);
  return { id, total, skipped, created };
}

async function findByKey(sql: Sql, key: string | null) {
  const [existing] = await sql<Pick<EnqueuedBatch, "id" | "total" | "skipped">[]>`
    select id, total, skipped from fiscaut_tasks.batch where key = ${key}`;
  if (existing === undefined) throw new Error(`the batch with the key ${key} has vanished`);
  return existing;
}

/** After the commit: tells the store's listener, and wakes workers. */
export async function tellOfBatch(store: Store, batch: InsertedBatch): Promise<void> {
  const { id, added, future, waiting, replaces, completion } = batch;
  store.announcer.announce({ kind: "due" });
  store.onEvent({ kind: "batch-created", batchId: id, added });
  if (future) store.announcer.announce({ kind: "future" });
  if (waiting) store.announcer.announce({ kind: "waiting" });
  // Others were replaced, or what some wait for has ended before the commit: a worker looks through all of them.
  if (waiting || replaces) store.announcer.announce({ kind: "ended" });
  if (completion === undefined) return;
  tellOf(store, completion.task, [completion.row]);
  if (isAdded(completion.row)) await tellWaiting(store, completion.row.id);
}
