/**
 * The claim for an index full of dead entries, as under a transaction that holds vacuum's horizon back: it walks from
 * where earlier ones came to, not from the head. When to use it, and what it may miss, is `engine/bounded-claims.ts`'s.
 */
import type { ClaimedTask } from "../../task/task.ts";
import type { Store } from "../connection.ts";
import {
  aheadOf,
  type ClaimedRow,
  type ClaimRequest,
  claimedLine,
  claimedText,
  commitBy,
  toClaimedTasks,
} from "./claim.ts";

/** Of the tasks of one priority, in all lanes, those up to here are passed over: `runAt`, then `id`. */
export interface ClaimBound {
  priority: number;
  /** The database's own text, to the microsecond: a batch's tasks share one instant. */
  runAt: string;
  id: number;
}

export interface BoundedClaim {
  tasks: ClaimedTask[];
  /** The last that was taken of each priority. */
  last: ClaimBound[];
  /** A second before the claim's snapshot. */
  secondBefore: string;
  /** What the database needed to find the tasks; neither the wait for it nor their update is in it. */
  walkMs: number;
}

interface Row extends ClaimedRow {
  last: ClaimBound[] | null;
  second_before: string;
  walk_ms: number;
}

/** As `claimTasks`, but for what `bounds` pass over. @param bounds one a priority; empty: from the head. */
export async function claimBounded(
  store: Store,
  request: ClaimRequest,
  bounds: readonly ClaimBound[],
): Promise<BoundedClaim> {
  // The index falls with the priority and rises with the rest, so no one range begins at a place in it. Each part of a
  // lane is therefore two ranges: the priorities above a bound's, back to the bound before, and the bound's own, by
  // equality, else the descent would not use the place. The last part, whose place is null, is what lies below them all.
  const parts = [...bounds].sort((a, b) => b.priority - a.priority);
  const { hot: sql } = store;
  const rows = await sql<Row[]>`
    with found as materialized (
      select places, clock_timestamp() as at from (select array(
        select head.ctid
        from fiscaut_tasks.queue q
        cross join unnest(${request.names}::text[]) as handler (name)
        cross join lateral (
          select next.*
          from unnest(
            ${[null, ...parts.map(({ priority }) => priority)]}::int[], ${[...parts.map(({ priority }) => priority), null]}::int[],
            ${[...parts.map(({ runAt }) => runAt), null]}::text[]::timestamptz[], ${[...parts.map(({ id }) => id), null]}::bigint[]
          ) as part (above, priority, run_at, id)
          cross join lateral (
            select * from (
              select t.ctid, t.priority, t.run_at, t.id
              from fiscaut_tasks.task t
              where t.queue = q.name and t.name = handler.name and t.due and not t.blocked and t.worker_id is null
                and t.priority < coalesce(part.above::bigint, 2147483648)
                and t.priority > coalesce(part.priority::bigint, -2147483649)
              order by t.priority desc, t.run_at, t.id
              limit ${request.limit}
              for update skip locked) as between_bounds
            union all
            select * from (
              select t.ctid, t.priority, t.run_at, t.id
              from fiscaut_tasks.task t
              where t.queue = q.name and t.name = handler.name and t.due and not t.blocked and t.worker_id is null
                and t.priority = part.priority and (t.run_at, t.id) > (part.run_at, part.id)
              order by t.run_at, t.id
              limit ${request.limit}
              for update skip locked) as from_bound
          ) as next
          -- In the parts' order, so that what a lane has no room for is not locked.
          limit ${request.limit}
        ) head
        where not q.paused and not q.held and not q.limited
          and (cardinality(${request.queues}::text[]) = 0 or q.name = any(${request.queues}::text[]))
        order by head.priority desc, head.run_at, head.id
        limit ${request.limit}) as places
      offset 0) as walk
    ), claimed as (
      update fiscaut_tasks.task
      set worker_id = ${request.workerId}, attempt = attempt + 1, started_at = now(),
          ahead = ${aheadOf(sql, request.ahead)}
      where ctid = any((select places from found)::tid[])
      returning ${claimedLine(sql, sql`false`)}, priority, run_at, id
    )
    select ${claimedText(sql)},
      (select json_agg(json_build_object('priority', priority, 'runAt', run_at::text, 'id', id)) from (
        select distinct on (priority) priority, run_at, id from claimed
        order by priority, run_at desc, id desc) as last_of_each) as last,
      (now() - interval '1 s')::text as second_before,
      (extract(epoch from (select at from found) - statement_timestamp()) * 1000)::float8 as walk_ms, ${commitBy(sql, request)}
    from claimed`;
  const [told] = rows;
  if (told === undefined) throw new Error("the claim returned no row");
  return {
    tasks: toClaimedTasks(rows),
    last: told.last ?? [],
    secondBefore: told.second_before,
    walkMs: told.walk_ms,
  };
}
