/**
 * Ends the waits of tasks whose predecessors have ended: releases them, or fails them where one has not succeeded.
 * Idempotent and safe in every worker at once. When to look is `engine/releaser.ts`'s affair; opening waits is
 * `waits.ts`'s.
 *
 * Each statement's snapshot is younger than the end that it was called for, so of the last two that end at one moment
 * the later look sees both; and a task is released by whoever still finds it waiting when it has its row's lock.
 */
import type { FinishedState } from "../../task/task.ts";
import { insertNextRuns } from "../attempt/repeat.ts";
import type { Store } from "../connection.ts";
import { keptColumns, withError } from "../fragments.ts";
import type { Sql } from "../sql.ts";

/** A task that has ended for good. */
export interface Ended {
  id: number;
  state: FinishedState;
  batchId: number | null;
}

/** Waiting tasks that have failed, each itself an end that others may have waited for. */
export interface FailedWaiter extends Ended {
  name: string;
  queue: string;
  attempt: number;
  message: string;
}

/** One statement's bound. */
const chunkSize = 500;

/**
 * The waiting tasks for which `ended` may have been the last. Index look-ups alone. A success is kept in mind by
 * forgetting the wait for it: its row may be pruned before the others have ended.
 */
export async function findWaitersOf(store: Store, ended: readonly Ended[]): Promise<number[]> {
  const { sql } = store;
  const succeeded = ended.filter(({ state }) => state === "succeeded").map(({ id }) => id);
  const others = ended.filter(({ state }) => state !== "succeeded").map(({ id }) => id);
  const batches = [...new Set(ended.flatMap(({ batchId }) => batchId ?? []))];
  // Rows that another worker holds it is forgetting itself.
  const rows = await sql<{ id: number }[]>`
    with forgotten as (
      delete from fiscaut_tasks.task_after where ctid = any(array(
        select ctid from fiscaut_tasks.task_after
        where after_task_id = any(${succeeded}::bigint[]) and after_task_id is not null
        for update skip locked))
    )
    select task_id as id from fiscaut_tasks.task_after
    where after_task_id = any(${[...succeeded, ...others]}::bigint[]) and after_task_id is not null
    union
    select task_id from fiscaut_tasks.task_after
    where after_batch_id = any(${batches}::bigint[]) and after_batch_id is not null`;
  return rows.map((row) => row.id);
}

/**
 * All tasks that could be released or failed now: what correctness rests on, whatever hints were lost. Walks what all
 * waiting tasks wait for.
 */
export async function findReady(store: Store): Promise<{ anyWaiting: boolean; ready: number[] }> {
  const { sql } = store;
  // A task whose waits are all forgotten already waits still, until it is released.
  const [any] = await sql<{ found: boolean }[]>`
    select exists (select 1 from fiscaut_tasks.task where waiting)
      or exists (select 1 from fiscaut_tasks.task_after) as found`;
  if (!any?.found) return { anyWaiting: false, ready: [] };
  await forgetEnded(sql);
  const rows = await sql<{ id: number }[]>`
    select t.id from fiscaut_tasks.task t where t.waiting and not exists (${openWait(sql)})`;
  return { anyWaiting: true, ready: rows.map((row) => row.id) };
}

/** Waits for what has succeeded, and those of tasks that wait no more. */
async function forgetEnded(sql: Sql): Promise<void> {
  await sql`
    delete from fiscaut_tasks.task_after where ctid = any(array(
      select a.ctid from fiscaut_tasks.task_after a
      where not exists (select 1 from fiscaut_tasks.task t where t.id = a.task_id and t.waiting)
        or not exists (select 1 from fiscaut_tasks.task t where t.id = a.after_task_id)
          and exists (
            select 1 from fiscaut_tasks.task_history h where h.id = a.after_task_id and h.state = 'succeeded')
      for update of a skip locked))`;
}

/** Of `t`, one for what is still live. LIMIT keeps each look-up one of the index, however many there are. */
const openWait = (sql: Sql) => sql`
  select 1 from fiscaut_tasks.task_after a cross join lateral (
    (select 1 from fiscaut_tasks.task p where p.id = a.after_task_id limit 1)
    union all
    (select 1 from fiscaut_tasks.task p where p.batch_id = a.after_batch_id and p.batch_id is not null limit 1)
  ) as live
  where a.task_id = t.id`;

/**
 * Releases those of `ids` that wait for nothing live any more, or fails them by their rule; the others stay as they are.
 * @returns those that have failed.
 */
export async function settleWaits(store: Store, ids: readonly number[]): Promise<FailedWaiter[]> {
  const failed: FailedWaiter[] = [];
  const kinds = new Set<"due" | "future">();
  const take = (settled: SettledRow[]) => {
    for (const row of settled) {
      if (row.message !== null) failed.push({ ...row, message: row.message, state: "failed" });
      else if (row.due !== null) kinds.add(row.due ? "due" : "future");
    }
    return settled.filter((row) => !row.picked);
  };
  for (let start = 0; start < ids.length; start += chunkSize) {
    const missed = take(await settleChunk(store.sql, ids.slice(start, start + chunkSize), false));
    // As in bulk.ts: a statement that waits for a row holds no other.
    for (const { id } of missed) take(await settleChunk(store.sql, [id], true));
  }
  // What failed may have held a serial key, or repeats.
  if (failed.length > 0) kinds.add("due").add("future");
  for (const kind of kinds) store.announcer.announce({ kind });
  return failed;
}

interface SettledRow {
  id: number;
  name: string;
  queue: string;
  attempt: number;
  batchId: number | null;
  /** false: somebody else has the row locked. */
  picked: boolean;
  /** Of a released one. */
  due: boolean | null;
  /** Of a failed one. */
  message: string | null;
}

function settleChunk(sql: Sql, ids: readonly number[], waits: boolean) {
  return sql<SettledRow[]>`
    with ready as materialized (
      select t.id from fiscaut_tasks.task t
      where t.id = any(${ids as number[]}::bigint[]) and t.waiting and not exists (${openWait(sql)})
    ), picked as materialized (
      select id, after ->> 'onFailure' as on_failure from fiscaut_tasks.task
      where id = any(array(select id from ready)) and waiting
      for update ${waits ? sql`` : sql`skip locked`}
    ), lost as materialized (
      select distinct on (p.id) p.id, c.message
      from picked p join fiscaut_tasks.task_after a on a.task_id = p.id
      cross join lateral (${complaint(sql)}) as c
      where p.on_failure = 'fail' and c.message is not null
      order by p.id, a.after_task_id, a.after_batch_id
    ), released as (
      update fiscaut_tasks.task set waiting = false, due = run_at <= now()
      where id = any(array(select id from picked except select id from lost))
      returning id, name, queue, attempt, batch_id, due
    ), gone as (
      delete from fiscaut_tasks.task t using lost l where t.id = l.id
      returning t.*, 'failed' as state, l.message
    ), next_run as (${insertNextRuns(sql)}), failed as (
      insert into fiscaut_tasks.task_history (${keptColumns(sql)}, state, errors)
      select ${keptColumns(sql)}, state, ${withError(sql, sql`message`, sql`null`)} from gone
      returning id, name, queue, attempt, batch_id
    ), forgotten as (
      delete from fiscaut_tasks.task_after where task_id = any(array(select id from picked))
    )
    select r.id, coalesce(e.name, f.name) as name, coalesce(e.queue, f.queue) as queue,
      coalesce(e.attempt, f.attempt) as attempt, coalesce(e.batch_id, f.batch_id) as "batchId",
      p.id is not null as picked, e.due, l.message
    from ready r left join picked p using (id) left join released e using (id)
      left join failed f using (id) left join lost l using (id)
    order by r.id`;
}

/** What is to be said of `a`, a wait for what is not live; null where that has succeeded. */
const complaint = (sql: Sql) => sql`
  select case
    when a.after_task_id is not null then (
      select case
        when h.state = 'succeeded' then null
        when h.state = 'failed' then format('task %s, which it waited for, failed', a.after_task_id)
        when h.state = 'cancelled' then format('task %s, which it waited for, was cancelled', a.after_task_id)
        else format('task %s, which it waited for, was deleted', a.after_task_id) end
      from (select 1) as one left join lateral (
        select state from fiscaut_tasks.task_history where id = a.after_task_id limit 1) as h on true)
    else (
      select format('batch %s, which it waited for, has failed or cancelled tasks', a.after_batch_id)
      from fiscaut_tasks.task_history
      where batch_id = a.after_batch_id and batch_id is not null and state in ('failed', 'cancelled') limit 1)
  end as message`;
