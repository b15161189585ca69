/** Runs tasks again, or now: one by its id, or many by a filter. */
import type { BulkResult, ControlResult } from "../../task/doors/control-result.ts";
import { type BulkFilter, retriableStates } from "../../task/doors/filter.ts";
import type { Store } from "../connection.ts";
import { revivedColumns, revivedValues } from "../fragments.ts";
import type { Sql } from "../sql.ts";
import { type BulkOptions, countTasks, pickTasks, type Reach, type Touched, walkTasks } from "./bulk.ts";
import { explainUnchanged, untilSettled } from "./control-result.ts";
import { type Choice, matchFinished, matchLive } from "./filter.ts";
import { refuseTakenKey, refuseTakenKeys } from "./taken-key.ts";

/**
 * A failed or cancelled task becomes pending again, under its id, with its errors and at least one more attempt;
 * a pending one becomes due now, whatever it was waiting for.
 * @throws OperatorError "conflict" when another live task has its key meanwhile.
 */
export async function retryTask(store: Store, id: number): Promise<ControlResult> {
  const result = await untilSettled(retriableStates, () => tryRetry(store, id));
  if (result.kind === "done") store.announcer.announce({ kind: "due" });
  return result;
}

async function tryRetry(store: Store, id: number): Promise<ControlResult> {
  const { sql } = store;
  const pending = await sql`
    update fiscaut_tasks.task set due = true, waiting = false, run_at = least(run_at, now())
    where id = ${id} and worker_id is null
    returning 1`;
  if (pending.length > 0) return { kind: "done", state: "pending" };
  const revived = await sql`
    with gone as (
      delete from fiscaut_tasks.task_history where id = ${id} and state in ('failed', 'cancelled') returning *
    )
    ${revive(sql)} returning 1`.catch(refuseTakenKey(sql, id));
  return revived.length > 0 ? { kind: "done", state: "pending" } : await explainUnchanged(store, id);
}

/**
 * As `retryTask`, for all that match. Of the pending ones it takes those that wait for their time,
 * not those that wait for others: of many that would undo an order that somebody meant. Of finished ones with
 * a key those whose key no live task has, the newest of each key.
 * @throws OperatorError "conflict" when a task with the key of one of them was enqueued meanwhile.
 */
export async function retryTasks(
  store: Store,
  filter: BulkFilter,
  options: BulkOptions = {},
): Promise<BulkResult> {
  const { live, finished } = matchRetriable(store.sql, filter);
  const result = await walkTasks(
    store,
    [
      live && { table: "task", condition: live, act: (reach) => makeDue(store.sql, reach) },
      finished && {
        table: "task_history",
        condition: finished,
        act: (reach) => reviveTasks(store.sql, reach),
      },
    ],
    options,
  );
  if (result.total > 0) store.announcer.announce({ kind: "due" });
  return result;
}

/** How many `retryTasks` would take. */
export function countRetriable(store: Store, filter: BulkFilter): Promise<BulkResult> {
  const { live, finished } = matchRetriable(store.sql, filter);
  return countTasks(store, live, finished);
}

function matchRetriable(sql: Sql, { state = "failed", ...filter }: BulkFilter) {
  const choice: Choice = { ...filter, states: retriableStates.filter((retriable) => retriable === state) };
  const live = matchLive(sql, choice);
  return { live: live && sql`not due and not waiting and ${live}`, finished: matchFinished(sql, choice) };
}

function makeDue(sql: Sql, reach: Reach) {
  return sql<Touched[]>`
    with ${pickTasks(sql, reach)}, touched as (
      update fiscaut_tasks.task set due = true, run_at = least(run_at, now())
      where id = any(array(select id from picked))
      returning id, 'pending' as state
    )
    select id, state from candidate left join touched using (id) order by id`;
}

function reviveTasks(sql: Sql, reach: Reach) {
  return sql<Touched[]>`
    with ${pickTasks(sql, reach)}, gone as (
      delete from fiscaut_tasks.task_history where id = any(array(
        select max(h.id) from picked join fiscaut_tasks.task_history h using (id)
        where not exists (select 1 from fiscaut_tasks.task t where t.key = h.key)
        group by coalesce(h.key, h.id::text)))
      returning *
    ), revived as (${revive(sql)})
    select id, state from candidate left join gone using (id) order by id`.catch(refuseTakenKeys);
}

/** From `gone`, rows of the history, back to the live ones. */
const revive = (sql: Sql) => sql`
  insert into fiscaut_tasks.task (${revivedColumns(sql)}, run_at, due, keep)
  overriding system value
  select ${revivedValues(sql)}, now(), true, true from gone`;
