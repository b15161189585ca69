/**
 * Puts one task into the store, together with those of other callers where it can (`gather.ts`). A batch is
 * `enqueue-batch.ts`'s, checking what a caller asks for `task/doors/new-task.ts`'s work; waking workers goes through
 * `announce.ts`, after the commit.
 */
import { type EnqueuedTask, isAdded } from "../../task/doors/enqueued.ts";
import { type CheckedTask, type StorableTask, toStorable } from "../../task/doors/new-task.ts";
import { instant, type Store } from "../connection.ts";
import type { Sql } from "../sql.ts";
import { settleWaits } from "../waits/release.ts";
import { openWaits, requirePredecessors } from "../waits/waits.ts";
import { enqueueOnce, hasKey, type KeyedRow, needsTransaction } from "./enqueue-once.ts";
import { insertTogether } from "./gather.ts";
import { insertTasks } from "./insert-tasks.ts";

/**
 * @throws the driver's error when the database can't be reached, OperatorError "usage" for a task or batch that it is
 * to wait for and that is not there: nothing was enqueued then.
 */
export async function enqueueTask(store: Store, task: CheckedTask): Promise<EnqueuedTask> {
  const row = await insertOne(store, toStorable(task));
  tellOf(store, task, [row]);
  if (task.after !== undefined && isAdded(row)) await tellWaiting(store, row.id);
  else if (row.outcome !== "skipped") store.announcer.announce({ kind: isFuture(task) ? "future" : "due" });
  return { id: row.id, runAt: instant(row.run_at), outcome: row.outcome };
}

async function insertOne(store: Store, task: StorableTask): Promise<EnqueuedRow> {
  if (task.after === undefined && !hasKey(task))
    return { ...(await insertTogether(store, task)), outcome: "created" };
  const needed = task.after !== undefined || needsTransaction(task);
  const [row] = needed
    ? await store.sql.begin((transaction) => insertWithin(transaction as unknown as Sql, [task]))
    : await insertWithin(store.sql, [task]);
  if (row === undefined) throw new Error("the insert returned no row");
  return row;
}

export type EnqueuedRow = Omit<KeyedRow, "key">;

/**
 * Enqueues one task, or the same at several times. Without a word to workers or listeners: for that, `tellOf` and an
 * announcement come after the caller's commit.
 * @param sql a transaction's, unless it is one task that waits for no other and takes no other's place.
 */
export async function insertWithin(sql: Sql, tasks: StorableTask[]): Promise<EnqueuedRow[]> {
  const [task] = tasks;
  if (task === undefined) return [];
  if (task.after !== undefined) await requirePredecessors(sql, tasks);
  const rows = await insertEach(sql, task, tasks);
  if (task.after !== undefined) await openWaits(sql, idsOf(rows.filter(isAdded)));
  return rows;
}

async function insertEach(sql: Sql, task: StorableTask, tasks: StorableTask[]): Promise<EnqueuedRow[]> {
  if (!hasKey(task))
    return (await insertTasks(sql, tasks, null)).map((row) => ({ ...row, outcome: "created" }));
  // One after another: without it, of many that replace each other, one might lose round after round.
  if (needsTransaction(task)) await sql`select pg_advisory_xact_lock(hashtextextended(${task.key}, 0))`;
  const rows: EnqueuedRow[] = [];
  for (const next of tasks.filter(hasKey)) rows.push(...(await enqueueOnce(sql, [next], null)));
  return rows;
}

/** Tells the store's listener what became of `task`, and workers that one which others may wait for was cancelled. */
export function tellOf(
  store: Store,
  { name, queue }: Pick<CheckedTask, "name" | "queue">,
  rows: EnqueuedRow[],
): void {
  for (const { id, outcome, replaced } of rows) {
    if (replaced !== undefined) {
      store.announcer.announce({ kind: "ended" });
      store.onEvent({ kind: "pending-cancelled", task: replaced });
    }
    if (isAdded({ outcome })) store.onEvent({ kind: "created", task: { id, name, queue, attempt: 0 } });
  }
}

/** After the commit: what it waits for may have ended before anybody could see that it waits. */
export async function tellWaiting(store: Store, id: number): Promise<void> {
  store.announcer.announce({ kind: "waiting" });
  // Stored it is, whatever happens now: what is left undone here a worker's next round does.
  const failed = await settleWaits(store, [id]).catch(() => []);
  if (failed.length > 0) store.announcer.announce({ kind: "ended" });
  for (const { id, name, queue, attempt, message } of failed)
    store.onEvent({ kind: "wait-failed", task: { id, name, queue, attempt }, message });
}

export const idsOf = (rows: { id: number }[]) => rows.map(({ id }) => id);
export const waits = ({ after }: Pick<CheckedTask, "after">) => after !== undefined;
export const isFuture = (task: Pick<CheckedTask, "runAt" | "delayMs">) =>
  task.runAt !== undefined || (task.delayMs ?? 0) > 0;
