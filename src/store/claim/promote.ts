/**
 * Moves tasks whose time has come among the due ones, where claims look. Kept apart from the claim because a
 * million future tasks in its index made an empty claim take 178 ms.
 */
import type { Store } from "../connection.ts";

/** Bounds one statement's locks and time; the caller repeats while this many come back. */
export const promoteLimit = 1000;

export interface Promotion {
  promoted: number;
  /** Until the next future task is due, by the database's clock; undefined when there is none. */
  nextInMs: number | undefined;
  /** A second before its snapshot. */
  secondBefore: string;
}

/**
 * Idempotent and safe in every worker at once.
 * @param passingOver tasks of an earlier `run_at` than this instant, the database's own text.
 */
export async function promoteTasks(store: Store, passingOver = "-infinity"): Promise<Promotion> {
  const [row] = await store.sql<{ promoted: number; next_in_ms: number | null; second_before: string }[]>`
    with promoted as (
      update fiscaut_tasks.task set due = true
      where ctid = any(array(
        select ctid from fiscaut_tasks.task where not due and not blocked and not waiting and run_at <= now()
          and run_at >= ${passingOver}::text::timestamptz
        order by run_at limit ${promoteLimit} for update skip locked))
      returning 1
    )
    select (select count(*) from promoted) as promoted, now() - interval '1 s' as second_before,
      (select (extract(epoch from min(run_at) - now()) * 1000)::float8
       from fiscaut_tasks.task where not due and not blocked and not waiting and run_at > now()) as next_in_ms`;
  if (row === undefined) throw new Error("the promotion returned no row");
  const { promoted, next_in_ms, second_before } = row;
  return { promoted, nextInMs: next_in_ms ?? undefined, secondBefore: second_before };
}
