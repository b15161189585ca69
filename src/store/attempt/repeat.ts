/**
 * Enqueues the next run of tasks that repeat, as a part of the statement that ends the run before. When a run is next
 * is told by `task/time/repeat.ts`; this is its rule as SQL.
 */
import { askedColumns } from "../fragments.ts";
import type { Sql } from "../sql.ts";

type Fragment = ReturnType<Sql>;

/** `nextRunAt` without its end: `planned`, `now` are instants, `repeat` is the stored rule. */
export const nextRunAt = (sql: Sql, repeat: Fragment, planned: Fragment, now: Fragment) => sql`
  ${planned} + interval '1 ms' * ((${repeat} ->> 'everyMs')::bigint * greatest(1,
    ceil(extract(epoch from ${now} - ${planned}) * 1000 / (${repeat} ->> 'everyMs')::bigint)))`;

/** Whether the chain has a run at `next`: no end, or one that is not before. */
export const isWithin = (sql: Sql, repeat: Fragment, next: Fragment) => sql`
  ((${repeat} ->> 'until') is null or ${next} <= (${repeat} ->> 'until')::timestamptz)`;

/**
 * For a statement with `gone`, the rows that finish, and their `state`. A success repeats; a failure where the task
 * says so; a cancel ends the chain, also one that came too late to abort the run, and so does an equal task that has
 * taken this one's place. The next run belongs to no batch, whose totals are fixed.
 */
export const insertNextRuns = (sql: Sql) => sql`
  insert into fiscaut_tasks.task (${askedColumns(sql)}, run_at, planned_at, due)
  select ${askedColumns(sql)}, next_at, next_at, false
  from gone
  cross join lateral (select ${nextRunAt(sql, sql`gone.repeat`, sql`gone.planned_at`, sql`now()`)} as next_at) as next_one
  where gone.repeat is not null and not gone.cancel_requested and gone.superseded is not true
    and (state = 'succeeded' or state = 'failed' and (gone.repeat -> 'afterFailure')::boolean)
    and ${isWithin(sql, sql`gone.repeat`, sql`next_at`)}
  returning 1`;
