/**
 * Fills a batch within a transaction, in bulk and in the memory of a chunk. The transaction is its caller's, and so is
 * telling workers after the commit: `enqueue-batch.ts` has both.
 */
import type { After } from "../../task/doors/after.ts";
import { isAdded, type NewBatch } from "../../task/doors/enqueued.ts";
import { type CheckedTask, type StorableTask, toStorable } from "../../task/doors/new-task.ts";
import { OperatorError } from "../../task/errors.ts";
import type { LaneCount } from "../../task/events.ts";
import type { Sql } from "../sql.ts";
import { openWaits, requirePredecessors } from "../waits/waits.ts";
import { type EnqueuedRow, idsOf, insertWithin, isFuture, waits } from "./enqueue.ts";
import {
  enqueueBesideRunning,
  enqueueOnce,
  foldEqualTasks,
  hasKey,
  type KeyedRow,
  type KeyedTask,
  ruleOf,
} from "./enqueue-once.ts";
import { insertChunk, insertTasks } from "./insert-tasks.ts";
import { LaneCounts, type TaskChunks } from "./task-chunk.ts";

/** A batch in its transaction, with what workers are to be told once that is committed. */
export interface InsertedBatch {
  id: number;
  total: number;
  /** As the new batch's, and how many were not added because of their key. */
  skipped: Record<string, number>;
  added: LaneCount[];
  /** Some of it are not due. */
  future: boolean;
  /** Some of it wait for other tasks. */
  waiting: boolean;
  /** Some of it may have taken the place of others. */
  replaces: boolean;
  completion: { task: CheckedTask; row: EnqueuedRow } | undefined;
}

/** The reason, among a batch's skipped ones, for a task that an equal live one has made needless. */
export const equalIsLive = "equal task is live";

/**
 * Batches of tasks with keys come one after another.
 * @param sql a transaction's: one that is rolled back leaves nothing of the batch.
 * @param key waits for another transaction that is inserting a batch of the same key.
 * @returns undefined: there is a batch of that key, and nothing was added.
 */
export async function insertBatch(
  sql: Sql,
  batch: NewBatch,
  key: string | null,
  chunks: TaskChunks,
): Promise<InsertedBatch | undefined> {
  const [created] = await sql<{ id: number }[]>`
    insert into fiscaut_tasks.batch (title, total, skipped, enqueued_by, key)
    values (${batch.title}, 0, '{}', ${batch.enqueuedBy}, ${key})
    on conflict (key) do nothing
    returning id`;
  if (created === undefined) return undefined;

  const lanes = new LaneCounts();
  let total = 0;
  const count = (added: StorableTask[]) => {
    total += added.length;
    for (const task of added) lanes.add(task);
  };
  let asked = 0;
  let future = false;
  let waiting = false;
  let replaces = false;
  // Left for the end: only then may a batch hold locks that completions wait for. No more than there are running.
  const besideRunning: KeyedTask[] = [];
  let storing = Promise.resolve();
  for await (const chunk of chunks) {
    if (chunk.kind === "ready") {
      // The next is read and sent while this one is under way. Should it fail, so do those after it.
      const before = storing;
      storing = insertChunk(sql, chunk.parameters, created.id);
      storing.catch(() => {});
      await before;
      asked += chunk.count;
      total += chunk.count;
      for (const lane of chunk.lanes) lanes.add(lane, lane.count);
      future ||= chunk.future;
      continue;
    }
    await storing;
    const { tasks } = chunk;
    const { added, left } = await insertEach(sql, tasks, created.id);
    count(added);
    asked += tasks.length;
    besideRunning.push(...left);
    future ||= tasks.some(isFuture);
    waiting ||= tasks.some(waits);
    replaces ||= tasks.some(mayReplace);
  }
  await storing;
  const last = foldEqualTasks(besideRunning);
  const rows = await enqueueOnce(sql, last, created.id);
  if (last.some(waits)) await openWaits(sql, idsOf(rows.filter(isAdded)));
  count(keepAdded(last, rows));
  const needless = asked - total;
  const skipped = needless === 0 ? batch.skipped : { ...batch.skipped, [equalIsLive]: needless };
  await sql`
    update fiscaut_tasks.batch set total = ${total}, skipped = ${JSON.stringify(skipped)}::text::jsonb
    where id = ${created.id}`;
  const completion = await enqueueCompletion(sql, batch, created.id);
  return { id: created.id, total, skipped, added: lanes.counts(), future, waiting, replaces, completion };
}

/** In the batch's transaction: the one is never there without the other. */
async function enqueueCompletion(sql: Sql, { whenComplete }: NewBatch, batchId: number) {
  if (whenComplete === undefined) return undefined;
  if (whenComplete.after !== undefined)
    throw new OperatorError(
      "usage",
      "whenComplete waits for its batch, and can't have an `after` of its own",
    );
  const after: After = { tasks: [], batches: [batchId], onFailure: "ignore" };
  const task = { ...whenComplete, after };
  const [row] = await insertWithin(sql, [toStorable(task)]);
  if (row === undefined) throw new Error("the insert returned no row");
  return { task, row };
}

/** Any number serves, so long as nothing else in the database locks it. */
const keyedBatchLock = 0x6b_65_79_73; // "keys"

/** `left` is as `enqueueBesideRunning` has it. */
async function insertEach(
  sql: Sql,
  chunk: StorableTask[],
  batchId: number,
): Promise<{ added: StorableTask[]; left: KeyedTask[] }> {
  const keyed = chunk.filter(hasKey);
  const free = keyed.length === 0 ? chunk : chunk.filter((task) => !hasKey(task));
  await requirePredecessors(sql, chunk, batchId);
  const inserted = free.length === 0 ? [] : await insertTasks(sql, free, batchId);
  if (free.some(waits)) await openWaits(sql, idsOf(inserted));
  if (keyed.length === 0) return { added: free, left: [] };
  // Of two batches that name the same keys in different order, each would wait for the other.
  await sql`select pg_advisory_xact_lock(${keyedBatchLock})`;
  const folded = foldEqualTasks(keyed);
  const { rows, left } = await enqueueBesideRunning(sql, folded, batchId);
  if (folded.some(waits)) await openWaits(sql, idsOf(rows.filter(isAdded)));
  return { added: [...free, ...keepAdded(folded, rows)], left };
}

/** Of `tasks`, of which no two have the same key, those whose row says so. */
function keepAdded(tasks: KeyedTask[], rows: KeyedRow[]): KeyedTask[] {
  const keys = new Set(rows.filter(isAdded).map(({ key }) => key));
  return tasks.filter(({ key }) => keys.has(key));
}

const mayReplace = (task: StorableTask) => hasKey(task) && ruleOf(task) === "replace";
