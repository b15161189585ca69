/**
 * Gives the tasks of dead workers back. A worker is dead when its lease is past by the database's clock; if it
 * lives after all, its row is gone, so its heartbeat tells it, and the fencing token refuses its outcomes.
 */
import type { TaskState } from "../../task/task.ts";
import type { Store } from "../connection.ts";
import { keptColumns, leaseIsPast, withError } from "../fragments.ts";
import type { Sql } from "../sql.ts";
import { insertNextRuns } from "./repeat.ts";

export interface RescuedTask {
  id: number;
  name: string;
  queue: string;
  /** The one that died. */
  attempt: number;
  workerId: number;
  /** failed: the attempt that died was the last one allowed. cancelled: somebody had asked for it, or an equal task has superseded it. */
  state: Extract<TaskState, "pending" | "failed" | "cancelled">;
}

/** Idempotent and safe in every worker at once: each dead worker is taken by one of them. */
export async function rescueTasks(store: Store): Promise<RescuedTask[]> {
  // Outside a transaction, since nearly always there is nothing to do.
  const [dead] = await store.sql<{ found: boolean }[]>`
    select exists (select 1 from fiscaut_tasks.worker where ${leaseIsPast(store.sql)}) as found`;
  if (!dead?.found) return [];
  return await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    const gone = await sql<{ id: number }[]>`
      delete from fiscaut_tasks.worker where id = any(array(
        select id from fiscaut_tasks.worker where ${leaseIsPast(sql)}
        for update skip locked))
      returning id`;
    if (gone.length === 0) return [] as RescuedTask[];
    return await releaseTasks(
      sql,
      gone.map((worker) => worker.id),
    );
  });
}

/**
 * Running tasks are in no index of their own (see `schema/`): this walks the table, but only after a death. What was claimed
 * ahead most likely has not run: it is given back uncounted, but only once, since it may be what the worker died of.
 */
function releaseTasks(sql: Sql, workerIds: number[]) {
  const errors = withError(sql, sql`'the worker died or could not reach the database'`, sql`null`);
  return sql<RescuedTask[]>`
    with orphan as materialized (
      select id, worker_id, attempt from fiscaut_tasks.task where worker_id = any(${workerIds}::bigint[]) for update
    ), returned as (
      update fiscaut_tasks.task t
      set worker_id = null, started_at = null, progress = null,
          attempt = case when ahead then attempt - 1 else attempt end,
          ahead = case when ahead then false end,
          errors = case when ahead then errors else ${errors} end
      where id in (select id from orphan) and attempt < max_attempts and not cancel_requested
        and superseded is not true
      returning t.id, t.name, t.queue
    ), gone as (
      delete from fiscaut_tasks.task t
      where id in (select id from orphan) and (attempt >= max_attempts or cancel_requested or superseded)
      returning t.*, case when t.cancel_requested or t.superseded then 'cancelled' else 'failed' end as state
    ), next_run as (${insertNextRuns(sql)}), finished as (
      insert into fiscaut_tasks.task_history
        (${keptColumns(sql)}, state, errors)
      select ${keptColumns(sql)}, state, ${errors}
      from gone
      returning id, name, queue, attempt, state
    )
    select r.id, r.name, r.queue, o.attempt, o.worker_id as "workerId", 'pending' as state from returned r join orphan o using (id)
    union all
    select f.id, f.name, f.queue, f.attempt, o.worker_id, f.state from finished f join orphan o using (id)`;
}
