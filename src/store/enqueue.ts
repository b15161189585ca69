/**
 * Puts tasks into the store: one, or a batch in bulk. Checking what a caller asks for is `task/new-task.ts`'s
 * work; waking workers goes through `announce.ts`, after the commit.
 */
import type postgres from "postgres";
import type { CheckedTask } from "../task/new-task.ts";
import { instant, type Store } from "./connection.ts";
import type { Sql } from "./sql.ts";
import { insertParameters, insertStatement } from "./task-columns.ts";

export interface EnqueuedTask {
  id: number;
  runAt: Date;
}

/** @throws the driver's error when the database can't be reached: nothing was enqueued then. */
export async function enqueueTask(store: Store, task: CheckedTask): Promise<EnqueuedTask> {
  const [row] = await insertTasks(store.sql, [task], null);
  if (row === undefined) throw new Error("the insert returned no row");
  store.announcer.announce({ kind: isFuture(task) ? "future" : "due" });
  return { id: row.id, runAt: instant(row.run_at) };
}

export interface NewBatch {
  title: string;
  /** How many records were left out, by reason. Read when `tasks` is exhausted. */
  skipped: Record<string, number>;
  /** The task that enqueues this batch, if one does: a repeated attempt of it finds the batch it has made. */
  enqueuedBy: number | null;
}

export interface EnqueuedBatch {
  id: number;
  total: number;
  skipped: Record<string, number>;
  /** false: `enqueuedBy` had enqueued it already, and this call added nothing. */
  created: boolean;
}

/** Large enough that round trips don't count, small enough that memory doesn't. */
const chunkSize = 1000;

/**
 * Enqueues all of `tasks` or, when reading them or the database fails midway, none: one transaction.
 * Memory stays bounded by a chunk, however many there are.
 */
export async function enqueueBatch(
  store: Store,
  batch: NewBatch,
  tasks: Iterable<CheckedTask> | AsyncIterable<CheckedTask>,
): Promise<EnqueuedBatch> {
  const enqueued = await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    // Waits for another attempt that is enqueuing the same batch, then finds its row.
    const [created] = await sql<{ id: number }[]>`
      insert into fiscaut_tasks.batch (title, total, skipped, enqueued_by)
      values (${batch.title}, 0, '{}', ${batch.enqueuedBy})
      on conflict (enqueued_by) do nothing
      returning id`;
    if (created === undefined) {
      const [existing] = await sql<Omit<EnqueuedBatch, "created">[]>`
        select id, total, skipped from fiscaut_tasks.batch where enqueued_by = ${batch.enqueuedBy}`;
      if (existing === undefined) throw new Error(`the batch of task ${batch.enqueuedBy} has vanished`);
      return { ...existing, created: false, future: false };
    }

    let total = 0;
    let future = false;
    for await (const chunk of inChunks(tasks)) {
      await insertTasks(sql, chunk, created.id);
      total += chunk.length;
      future ||= chunk.some(isFuture);
    }
    await sql`
      update fiscaut_tasks.batch set total = ${total}, skipped = ${JSON.stringify(batch.skipped)}::text::jsonb
      where id = ${created.id}`;
    return { id: created.id, total, skipped: batch.skipped, created: true, future };
  });
  const { future, ...batchRow } = enqueued;
  if (batchRow.created) store.announcer.announce({ kind: "due" });
  if (future) store.announcer.announce({ kind: "future" });
  return batchRow;
}

/** Without a word to workers: the caller announces after its commit. */
export function insertTasks(sql: Sql, tasks: CheckedTask[], batchId: number | null) {
  const parameters = insertParameters(tasks, batchId) as postgres.ParameterOrJSON<never>[];
  return sql.unsafe<{ id: number; run_at: string }[]>(insertStatement, parameters, { prepare: true });
}

const isFuture = (task: CheckedTask) => task.runAt !== undefined || (task.delayMs ?? 0) > 0;

async function* inChunks(
  tasks: Iterable<CheckedTask> | AsyncIterable<CheckedTask>,
): AsyncGenerator<CheckedTask[]> {
  let chunk: CheckedTask[] = [];
  for await (const task of tasks) {
    chunk.push(task);
    if (chunk.length === chunkSize) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}
