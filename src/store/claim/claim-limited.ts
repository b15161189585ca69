/**
 * Takes due tasks from queues with limits, within `max_running` and the rate of each, exactly, however many workers do
 * so at once. Queues without limits are `claim.ts`'s; setting limits is `queues.ts`'s.
 */
import type { ClaimedTask } from "../../task/task.ts";
import type { Store } from "../connection.ts";
import type { Sql } from "../sql.ts";
import {
  aheadOf,
  type ClaimedRow,
  type ClaimRequest,
  claimedLine,
  claimedText,
  toClaimedTasks,
} from "./claim.ts";
import { settleLimit } from "./settle-limit.ts";

/** A queue with limits in which due tasks wait. */
export interface LimitedQueue {
  queue: string;
  /** Until its limits let one start, by the database's clock; 0: now. null: once one that runs has ended. */
  startsInMs: number | null;
}

export interface LimitedQueues {
  /** Whether any queue that this worker serves has limits at all. */
  any: boolean;
  waiting: LimitedQueue[];
}

/** Reads which limited queues are worth a `claimFromLimited`; one statement, no lock. */
export async function readLimitedQueues(
  store: Store,
  { names, queues }: Pick<ClaimRequest, "names" | "queues">,
): Promise<LimitedQueues> {
  const rows = await store.sql<{ queue: string; waits: boolean; full: boolean; rate_ms: number | null }[]>`
    select l.queue, not q.paused and not q.held and exists (
        select 1 from unnest(${names}::text[]) as handler (name) cross join lateral (
          select 1 from fiscaut_tasks.task t
          where t.queue = q.name and t.name = handler.name and t.due and not t.blocked and t.worker_id is null
          limit 1) as head) as waits,
      l.settled and (
        select count(*) from fiscaut_tasks.queue_slot s join fiscaut_tasks.task t on t.id = s.task_id
        where s.queue = l.queue and t.attempt = s.attempt and t.worker_id = s.worker_id) >= l.max_running is true as full,
      (extract(epoch from (
        select nth from unnest(l.starts) as nth
        where nth <= clock_timestamp() + period
        order by nth desc offset l.rate_count - 1 limit 1) + period - clock_timestamp()) * 1000)::float8 as rate_ms
    from fiscaut_tasks.queue q
    join fiscaut_tasks.queue_limit l on l.queue = q.name
    cross join lateral (select l.rate_period_ms * interval '1 ms' as period) as p
    where q.limited
      and (cardinality(${queues}::text[]) = 0 or q.name = any(${queues}::text[]))`;
  return {
    any: rows.length > 0,
    waiting: rows
      .filter((row) => row.waits)
      .map(({ queue, full, rate_ms }) => ({ queue, startsInMs: full ? null : Math.max(0, rate_ms ?? 0) })),
  };
}

/**
 * Claims from one limited queue, as `claimTasks` does from the others. Of claims of one queue at once, one goes on and
 * the others get nothing: `busy`, to be asked again soon. Each task's start counts once against the rate, also a retry's.
 */
export async function claimFromLimited(
  store: Store,
  queue: string,
  request: ClaimRequest,
): Promise<{ tasks: ClaimedTask[]; busy: boolean }> {
  return await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    const [limit] = await sql<{ settled: boolean }[]>`
      select settled from fiscaut_tasks.queue_limit where queue = ${queue} for update skip locked`;
    if (limit === undefined || !(limit.settled || (await settleLimit(sql, queue))))
      return { tasks: [], busy: true };
    // Statements of their own, after the lock: their snapshots show what its last holder has done. Sent together.
    const [, rows] = await Promise.all([freeSlots(sql, queue), claimWithin(sql, queue, request)]);
    return { tasks: toClaimedTasks(rows), busy: false };
  });
}

/** Slots whose execution has ended, however it did. As many look-ups as there are slots, `max_running` or so. */
function freeSlots(sql: Sql, queue: string) {
  return sql`
    delete from fiscaut_tasks.queue_slot s
    where s.queue = ${queue} and not exists (
      select 1 from fiscaut_tasks.task t where t.id = s.task_id and t.attempt = s.attempt and t.worker_id = s.worker_id)`;
}

/**
 * `started_at` and the remembered start are one instant, read under the lock: now() would be that of the
 * transaction's begin, before it. A start that lies ahead of the clock by more than a period is no reason to wait:
 * the clock was set back.
 */
function claimWithin(sql: Sql, queue: string, { workerId, names, limit, ahead }: ClaimRequest) {
  return sql<ClaimedRow[]>`
    with moment as materialized (
      select clock_timestamp() as at
    ), bound as materialized (
      select l.max_running, l.rate_count, m.at,
        array(select s from unnest(l.starts) as s
              where s > m.at - l.rate_period_ms * interval '1 ms' and s <= m.at + l.rate_period_ms * interval '1 ms'
              order by s) as recent
      from fiscaut_tasks.queue_limit l join fiscaut_tasks.queue q on q.name = l.queue cross join moment m
      where l.queue = ${queue} and not q.paused and not q.held
    ), room as materialized (
      -- Paused or held: no row, and a limit of null would be all of them.
      select coalesce((
        select greatest(0, least(
          ${limit}::bigint,
          max_running - (select count(*) from fiscaut_tasks.queue_slot where queue = ${queue}),
          rate_count - cardinality(recent)))
        from bound), 0) as tasks
    ), claimed as (
      update fiscaut_tasks.task
      set worker_id = ${workerId}, attempt = attempt + 1, started_at = (select at from moment),
          ahead = ${aheadOf(sql, ahead)}
      where ctid = any(array(
        select head.ctid
        from unnest(${names}::text[]) as handler (name)
        cross join lateral (
          select t.ctid, t.priority, t.run_at, t.id
          from fiscaut_tasks.task t
          where t.queue = ${queue} and t.name = handler.name and t.due and not t.blocked and t.worker_id is null
          order by t.priority desc, t.run_at, t.id
          limit (select tasks from room)
          for update skip locked
        ) head
        order by head.priority desc, head.run_at, head.id
        limit (select tasks from room)))
      returning ${claimedLine(sql, sql`(select max_running from bound) is not null`)}, id, attempt
    ), taken as (
      insert into fiscaut_tasks.queue_slot (queue, task_id, attempt, worker_id)
      select ${queue}, id, attempt, ${workerId} from claimed
      where (select max_running from bound) is not null
      on conflict (queue, task_id) do update set attempt = excluded.attempt, worker_id = excluded.worker_id
    ), remembered as (
      update fiscaut_tasks.queue_limit l
      set starts = b.recent || array_fill(b.at, array[(select count(*)::int from claimed)])
      from bound b
      where l.queue = ${queue} and b.rate_count is not null and exists (select 1 from claimed)
    )
    select ${claimedText(sql)} from claimed`;
}
