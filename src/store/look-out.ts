/**
 * One look at all that waits for its time or for others, in one statement: which of the engine's parts has anything to
 * do. Doing it is their own verbs' work.
 */
import type { Store } from "./connection.ts";

/** What has a time is told as ms from now, by the database's clock: 0 or less when it has come, null when there is none. */
export interface Outlook {
  /** The next future task. */
  taskInMs: number | null;
  /** The next tick of any schedule that is not paused. */
  tickInMs: number | null;
  /** The next end of a hold that ends by itself. */
  holdInMs: number | null;
  /** Tasks wait for others, or rows of waits are left. */
  anyWaiting: boolean;
  /** A queue among those asked for has limits. */
  anyLimited: boolean;
}

/** @param queues empty: every queue. */
export async function lookOut({ sql }: Pick<Store, "sql">, queues: string[]): Promise<Outlook> {
  // The first entry of an index or a short table each, however many tasks there are.
  const [outlook] = await sql<Outlook[]>`
    select
      (extract(epoch from (
        select min(run_at) from fiscaut_tasks.task where not due and not blocked and not waiting) - now()) * 1000
      )::float8 as "taskInMs",
      (extract(epoch from (
        select min(next_tick_at) from fiscaut_tasks.schedule where not paused) - now()) * 1000)::float8 as "tickInMs",
      (extract(epoch from (select min(until) from fiscaut_tasks.queue_hold) - now()) * 1000)::float8 as "holdInMs",
      exists (select 1 from fiscaut_tasks.task where waiting)
        or exists (select 1 from fiscaut_tasks.task_after) as "anyWaiting",
      exists (
        select 1 from fiscaut_tasks.queue
        where limited and (cardinality(${queues}::text[]) = 0 or name = any(${queues}::text[]))) as "anyLimited"`;
  if (outlook === undefined) throw new Error("the look returned no row");
  return outlook;
}
