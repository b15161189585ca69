/**
 * Puts tasks into the store: one, or a batch in bulk. Checking what a caller asks for is `task/doors/new-task.ts`'s
 * work; waking workers goes through `announce.ts`, after the commit.
 */
import type postgres from "postgres";
import type { After } from "../../task/doors/after.ts";
import { keyOfTask } from "../../task/doors/batch.ts";
import { type EnqueuedBatch, type EnqueuedTask, isAdded, type NewBatch } from "../../task/doors/enqueued.ts";
import type { CheckedTask } from "../../task/doors/new-task.ts";
import { OperatorError } from "../../task/errors.ts";
import type { LaneCount } from "../../task/events.ts";
import { instant, type Store } from "../connection.ts";
import type { Sql } from "../sql.ts";
import { insertParameters, insertStatement } from "../task-columns.ts";
import { settleWaits } from "../waits/release.ts";
import { openWaits, requirePredecessors } from "../waits/waits.ts";
import {
  enqueueBesideRunning,
  enqueueOnce,
  foldEqualTasks,
  hasKey,
  type KeyedRow,
  type KeyedTask,
  needsTransaction,
  ruleOf,
} from "./enqueue-once.ts";

/**
 * @throws the driver's error when the database can't be reached, OperatorError "usage" for a task or batch that it is
 * to wait for and that is not there: nothing was enqueued then.
 */
export async function enqueueTask(store: Store, task: CheckedTask): Promise<EnqueuedTask> {
  const needed = task.after !== undefined || (hasKey(task) && needsTransaction(task));
  const [row] = needed
    ? await store.sql.begin((transaction) => insertWithin(transaction as unknown as Sql, [task]))
    : await insertWithin(store.sql, [task]);
  if (row === undefined) throw new Error("the insert returned no row");
  tellOf(store, task, [row]);
  if (task.after !== undefined && isAdded(row)) await tellWaiting(store, row.id);
  else if (row.outcome !== "skipped") store.announcer.announce({ kind: isFuture(task) ? "future" : "due" });
  return { id: row.id, runAt: instant(row.run_at), outcome: row.outcome };
}

export type EnqueuedRow = Omit<KeyedRow, "key">;

/**
 * Enqueues one task, or the same at several times. Without a word to workers or listeners: for that, `tellOf` and an
 * announcement come after the caller's commit.
 * @param sql a transaction's, unless it is one task that waits for no other and takes no other's place.
 */
export async function insertWithin(sql: Sql, tasks: CheckedTask[]): Promise<EnqueuedRow[]> {
  const [task] = tasks;
  if (task === undefined) return [];
  if (task.after !== undefined) await requirePredecessors(sql, tasks);
  const rows = await insertEach(sql, task, tasks);
  if (task.after !== undefined) await openWaits(sql, idsOf(rows.filter(isAdded)));
  return rows;
}

async function insertEach(sql: Sql, task: CheckedTask, tasks: CheckedTask[]): Promise<EnqueuedRow[]> {
  if (!hasKey(task))
    return (await insertTasks(sql, tasks, null)).map((row) => ({ ...row, outcome: "created" }));
  // One after another: without it, of many that replace each other, one might lose round after round.
  if (needsTransaction(task)) await sql`select pg_advisory_xact_lock(hashtextextended(${task.key}, 0))`;
  const rows: EnqueuedRow[] = [];
  for (const next of tasks.filter(hasKey)) rows.push(...(await enqueueOnce(sql, [next], null)));
  return rows;
}

/** Tells the store's listener what became of `task`, and workers that one which others may wait for was cancelled. */
export function tellOf(store: Store, { name, queue }: CheckedTask, rows: EnqueuedRow[]): void {
  for (const { id, outcome, replaced } of rows) {
    if (replaced !== undefined) {
      store.announcer.announce({ kind: "ended" });
      store.onEvent({ kind: "pending-cancelled", task: replaced });
    }
    if (isAdded({ outcome })) store.onEvent({ kind: "created", task: { id, name, queue, attempt: 0 } });
  }
}

/** After the commit: what it waits for may have ended before anybody could see that it waits. */
async function tellWaiting(store: Store, id: number): Promise<void> {
  store.announcer.announce({ kind: "waiting" });
  // Stored it is, whatever happens now: what is left undone here a worker's next round does.
  const failed = await settleWaits(store, [id]).catch(() => []);
  if (failed.length > 0) store.announcer.announce({ kind: "ended" });
  for (const { id, name, queue, attempt, message } of failed)
    store.onEvent({ kind: "wait-failed", task: { id, name, queue, attempt }, message });
}

/** The reason, among a batch's skipped ones, for a task that an equal live one has made needless. */
export const equalIsLive = "equal task is live";

/** Large enough that round trips don't count, small enough that memory doesn't; large payloads end a chunk earlier. */
const chunkSize = 1000;
const chunkBytes = 4 * 1024 * 1024;

/**
 * Enqueues all of `tasks` or, when reading them or the database fails midway, none: one transaction.
 * Memory stays bounded by a chunk, however many there are. Batches of tasks with keys come one after another.
 */
export async function enqueueBatch(
  store: Store,
  batch: NewBatch,
  tasks: Iterable<CheckedTask> | AsyncIterable<CheckedTask>,
): Promise<EnqueuedBatch> {
  const key = batch.enqueuedBy === null ? (batch.key ?? null) : keyOfTask(batch.enqueuedBy, batch.key);
  const lanes = new LaneCounts();
  const enqueued = await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    // Waits for another call that is enqueuing the same batch, then finds its row.
    const [created] = await sql<{ id: number }[]>`
      insert into fiscaut_tasks.batch (title, total, skipped, enqueued_by, key)
      values (${batch.title}, 0, '{}', ${batch.enqueuedBy}, ${key})
      on conflict (key) do nothing
      returning id`;
    if (created === undefined) {
      const [existing] = await sql<Omit<EnqueuedBatch, "created">[]>`
        select id, total, skipped from fiscaut_tasks.batch where key = ${key}`;
      if (existing === undefined) throw new Error(`the batch with the key ${key} has vanished`);
      return {
        ...existing,
        created: false,
        future: false,
        waiting: false,
        replaces: false,
        completion: undefined,
      };
    }

    let total = 0;
    const count = (added: CheckedTask[]) => {
      total += added.length;
      for (const task of added) lanes.count(task);
    };
    let asked = 0;
    let future = false;
    let waiting = false;
    let replaces = false;
    // Left for the end: only then may a batch hold locks that completions wait for. No more than there are running.
    const besideRunning: KeyedTask[] = [];
    for await (const chunk of inChunks(tasks)) {
      const { added, left } = await insertChunk(sql, chunk, created.id);
      count(added);
      asked += chunk.length;
      besideRunning.push(...left);
      future ||= chunk.some(isFuture);
      waiting ||= chunk.some(waits);
      replaces ||= chunk.some(mayReplace);
    }
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
    return { id: created.id, total, skipped, created: true, future, waiting, replaces, completion };
  });
  const { future, waiting, replaces, completion, ...batchRow } = enqueued;
  if (batchRow.created) {
    store.announcer.announce({ kind: "due" });
    store.onEvent({ kind: "batch-created", batchId: batchRow.id, added: lanes.counts() });
  }
  if (future) store.announcer.announce({ kind: "future" });
  if (waiting) store.announcer.announce({ kind: "waiting" });
  // Others were replaced, or what some wait for has ended before the commit: a worker looks through all of them.
  if (waiting || replaces) store.announcer.announce({ kind: "ended" });
  if (completion !== undefined) {
    tellOf(store, completion.task, [completion.row]);
    if (isAdded(completion.row)) await tellWaiting(store, completion.row.id);
  }
  return batchRow;
}

/** How many tasks of one name went into one queue. */
class LaneCounts {
  readonly #lanes = new Map<string, LaneCount>();

  count({ name, queue }: CheckedTask): void {
    // Neither may hold a space.
    const key = `${name} ${queue}`;
    const lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, { name, queue, count: 1 });
    else lane.count += 1;
  }

  counts(): LaneCount[] {
    return [...this.#lanes.values()];
  }
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
  const [row] = await insertWithin(sql, [task]);
  if (row === undefined) throw new Error("the insert returned no row");
  return { task, row };
}

/** Any number serves, so long as nothing else in the database locks it. */
const keyedBatchLock = 0x6b_65_79_73; // "keys"

/** `left` is as `enqueueBesideRunning` has it. */
async function insertChunk(
  sql: Sql,
  chunk: CheckedTask[],
  batchId: number,
): Promise<{ added: CheckedTask[]; left: KeyedTask[] }> {
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

/** Without a word to workers: the caller announces after its commit. */
export function insertTasks(sql: Sql, tasks: CheckedTask[], batchId: number | null) {
  const parameters = insertParameters(tasks, batchId) as postgres.ParameterOrJSON<never>[];
  return sql.unsafe<{ id: number; run_at: string }[]>(insertStatement, parameters, { prepare: true });
}

const idsOf = (rows: { id: number }[]) => rows.map(({ id }) => id);
const mayReplace = (task: CheckedTask) => hasKey(task) && ruleOf(task) === "replace";
const waits = (task: CheckedTask) => task.after !== undefined;
const isFuture = (task: CheckedTask) => task.runAt !== undefined || (task.delayMs ?? 0) > 0;

async function* inChunks(
  tasks: Iterable<CheckedTask> | AsyncIterable<CheckedTask>,
): AsyncGenerator<CheckedTask[]> {
  let chunk: CheckedTask[] = [];
  let bytes = 0;
  for await (const task of tasks) {
    chunk.push(task);
    bytes += JSON.stringify(task.payload).length;
    if (chunk.length < chunkSize && bytes < chunkBytes) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}
