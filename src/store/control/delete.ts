/** Deletes tasks for good, pending or finished: one by its id, or many by a filter. Age alone is the pruner's affair. */
import type { BulkResult, ControlResult } from "../../task/doors/control-result.ts";
import { type BulkFilter, deletableStates } from "../../task/doors/filter.ts";
import type { Store } from "../connection.ts";
import type { Sql } from "../sql.ts";
import { type BulkOptions, countTasks, pickTasks, type Reach, type Touched, walkTasks } from "./bulk.ts";
import { explainUnchanged, untilSettled } from "./control-result.ts";
import { matchFinished, matchLive } from "./filter.ts";

/** A running task is left as it is: cancel it first. */
export function deleteTask(store: Store, id: number): Promise<ControlResult> {
  return untilSettled(deletableStates, () => tryDelete(store, id));
}

async function tryDelete(store: Store, id: number): Promise<ControlResult> {
  const deleted = await store.sql`
    with pending as (
      delete from fiscaut_tasks.task where id = ${id} and worker_id is null returning 1
    ), finished as (
      delete from fiscaut_tasks.task_history where id = ${id} returning 1
    )
    select 1 from pending union all select 1 from finished`;
  if (deleted.length === 0) return await explainUnchanged(store, id);
  // The next of its serial key may be due now, and others may have waited for it.
  store.announcer.announce({ kind: "due" });
  store.announcer.announce({ kind: "ended" });
  return { kind: "done", state: "deleted" };
}

/** As `deleteTask`, for all that match; running ones are left out. */
export async function deleteTasks(
  store: Store,
  filter: BulkFilter,
  options: BulkOptions = {},
): Promise<BulkResult> {
  const { live, finished } = matchDeletable(store.sql, filter);
  const result = await walkTasks(
    store,
    [
      live && { table: "task", condition: live, act: (reach) => deletePending(store.sql, reach) },
      finished && {
        table: "task_history",
        condition: finished,
        act: (reach) => deleteFinished(store.sql, reach),
      },
    ],
    options,
  );
  if (result.total > 0) for (const kind of ["due", "ended"] as const) store.announcer.announce({ kind });
  return result;
}

/** How many `deleteTasks` would take. */
export function countDeletable(store: Store, filter: BulkFilter): Promise<BulkResult> {
  const { live, finished } = matchDeletable(store.sql, filter);
  return countTasks(store, live, finished);
}

function matchDeletable(sql: Sql, { state, ...filter }: BulkFilter) {
  const states = deletableStates.filter((deletable) => state === undefined || deletable === state);
  const choice = { ...filter, states };
  return { live: matchLive(sql, choice), finished: matchFinished(sql, choice) };
}

function deletePending(sql: Sql, reach: Reach) {
  return sql<Touched[]>`
    with ${pickTasks(sql, reach)}, gone as (
      delete from fiscaut_tasks.task where id = any(array(select id from picked)) returning id, 'pending' as state
    )
    select id, state from candidate left join gone using (id) order by id`;
}

function deleteFinished(sql: Sql, reach: Reach) {
  return sql<Touched[]>`
    with ${pickTasks(sql, reach)}, gone as (
      delete from fiscaut_tasks.task_history where id = any(array(select id from picked)) returning id, state
    )
    select id, state from candidate left join gone using (id) order by id`;
}
