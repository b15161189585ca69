/**
 * Carries out what `task/settle.ts` decided for attempts that ended. Guarded by the fencing token (id, attempt,
 * worker): a worker that has lost a task changes nothing.
 */
import type { Transition } from "../task/settle.ts";
import type { Store } from "./connection.ts";
import { keptColumns, withError } from "./fragments.ts";
import type { Sql } from "./sql.ts";

export interface Completion {
  id: number;
  attempt: number;
  transition: Transition;
}

type Of<To extends Transition["to"]> = Completion & { transition: Extract<Transition, { to: To }> };

/**
 * Completes many at once.
 * @returns the ids that were still this worker's; the others were refused, and nothing of theirs was changed.
 */
export async function completeTasks(
  store: Store,
  workerId: number,
  completions: Completion[],
): Promise<Set<number>> {
  const finished = completions.filter((c): c is Of<"finished"> => c.transition.to === "finished");
  const waiting = completions.filter((c): c is Of<"pending"> => c.transition.to === "pending");
  const accepted = await Promise.all([
    finished.length > 0 ? finishTasks(store.sql, workerId, finished) : [],
    waiting.length > 0 ? returnTasks(store.sql, workerId, waiting) : [],
  ]);
  return new Set(accepted.flat().map((row) => row.id));
}

/** One statement moves a row from the hot table to the history: it is never in both and never in neither. */
function finishTasks(sql: Sql, workerId: number, completions: Of<"finished">[]) {
  const errors = withError(sql, sql`message`, sql`stack`);
  return sql<{ id: number }[]>`
    with settled as (
      select * from unnest(
        ${completions.map((c) => c.id)}::bigint[], ${completions.map((c) => c.attempt)}::int[],
        ${completions.map((c) => c.transition.state)}::text[],
        ${completions.map((c) => toJson(c.transition.result))}::text[],
        ${completions.map((c) => c.transition.error?.message ?? null)}::text[],
        ${completions.map((c) => c.transition.error?.stack ?? null)}::text[]
      ) as s (id, attempt, state, result, message, stack)
    ), gone as (
      delete from fiscaut_tasks.task t using settled s
      where t.id = s.id and t.attempt = s.attempt and t.worker_id = ${workerId}
      returning t.*, s.state, s.result, s.message, s.stack
    )
    insert into fiscaut_tasks.task_history
      (${keptColumns(sql)}, state, errors, result)
    select ${keptColumns(sql)}, state, ${errors}, result::jsonb
    from gone
    returning id`;
}

/** Back among the pending: after an error with its delay, or given back with the attempt uncounted. */
function returnTasks(sql: Sql, workerId: number, completions: Of<"pending">[]) {
  return sql<{ id: number }[]>`
    with settled as (
      select * from unnest(
        ${completions.map((c) => c.id)}::bigint[], ${completions.map((c) => c.attempt)}::int[],
        ${completions.map((c) => c.transition.delayMs)}::float8[], ${completions.map((c) => (c.transition.counted ? 0 : 1))}::int[],
        ${completions.map((c) => c.transition.error?.message ?? null)}::text[],
        ${completions.map((c) => c.transition.error?.stack ?? null)}::text[]
      ) as s (id, fence, delay_ms, uncounted, message, stack)
    )
    update fiscaut_tasks.task t
    set worker_id = null, started_at = null, progress = null,
        due = s.delay_ms = 0,
        run_at = case when s.delay_ms = 0 then t.run_at else now() + s.delay_ms * interval '1 ms' end,
        attempt = t.attempt - s.uncounted,
        errors = ${withError(sql, sql`message`, sql`stack`)}
    from settled s
    where t.id = s.id and t.attempt = s.fence and t.worker_id = ${workerId}
    returning t.id`;
}

/** undefined and null are both "no result". */
function toJson(result: unknown): string | null {
  return result === undefined || result === null ? null : JSON.stringify(result);
}
