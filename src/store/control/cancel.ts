/** Cancels tasks: one by its id, or many by a filter. Aborting what runs is the work of the worker that runs it. */
import type { BulkResult, ControlResult } from "../../task/doors/control-result.ts";
import { type BulkFilter, cancellableStates } from "../../task/doors/filter.ts";
import type { TaskReference } from "../../task/events.ts";
import type { Store } from "../connection.ts";
import { keptColumns } from "../fragments.ts";
import type { Sql } from "../sql.ts";
import { type BulkOptions, countTasks, pickTasks, type Reach, type Touched, walkTasks } from "./bulk.ts";
import { explainUnchanged, untilSettled } from "./control-result.ts";
import { matchLive } from "./filter.ts";

/** A pending task is cancelled at once; a running one is told to abort, wherever it runs. */
export function cancelTask(store: Store, id: number): Promise<ControlResult> {
  return untilSettled(cancellableStates, () => tryCancel(store, id));
}

async function tryCancel(store: Store, id: number): Promise<ControlResult> {
  const { sql } = store;
  const [cancelled] = await sql<TaskReference[]>`
    with gone as (
      delete from fiscaut_tasks.task where id = ${id} and worker_id is null returning *
    )
    ${keepCancelled(sql)} returning id, name, queue, attempt`;
  if (cancelled !== undefined) {
    // The next of its serial key may be due now, and others may have waited for it.
    store.announcer.announce({ kind: "due" });
    store.announcer.announce({ kind: "ended" });
    store.onEvent({ kind: "pending-cancelled", task: cancelled });
    return { kind: "done", state: "cancelled" };
  }
  const requested = await sql`
    update fiscaut_tasks.task set cancel_requested = true where id = ${id} and worker_id is not null returning 1`;
  if (requested.length === 0) return await explainUnchanged(store, id);
  store.announcer.announce({ kind: "cancel", id });
  return { kind: "requested" };
}

/** As `cancelTask`, for all that match. Running ones that somebody has cancelled before are left out. */
export async function cancelTasks(
  store: Store,
  filter: BulkFilter,
  options: BulkOptions = {},
): Promise<BulkResult> {
  const condition = matchCancellable(store.sql, filter);
  return await walkTasks(
    store,
    [condition && { table: "task", condition, act: (reach) => cancelPicked(store, reach) }],
    options,
  );
}

/** How many `cancelTasks` would take. */
export function countCancellable(store: Store, filter: BulkFilter): Promise<BulkResult> {
  return countTasks(store, matchCancellable(store.sql, filter), undefined);
}

function matchCancellable(sql: Sql, { state, ...filter }: BulkFilter) {
  const states = cancellableStates.filter((cancellable) => state === undefined || cancellable === state);
  const live = matchLive(sql, { ...filter, states });
  return live && sql`not cancel_requested and ${live}`;
}

async function cancelPicked(store: Store, reach: Reach) {
  const { sql, announcer } = store;
  const touched = await sql<(Touched & TaskReference)[]>`
    with ${pickTasks(sql, reach)}, gone as (
      delete from fiscaut_tasks.task where id = any(array(select id from picked where not running)) returning *
    ), cancelled as (
      ${keepCancelled(sql)} returning id, name, queue, attempt, 'pending' as found
    ), requested as (
      update fiscaut_tasks.task set cancel_requested = true
      where id = any(array(select id from picked where running))
      returning id, name, queue, attempt, 'running' as found
    )
    select id, name, queue, attempt, found as state
    from candidate left join (select * from cancelled union all select * from requested) as touched using (id)
    order by id`;
  for (const { state, ...task } of touched) {
    if (state === "running") announcer.announce({ kind: "cancel", id: task.id });
    if (state === "pending") store.onEvent({ kind: "pending-cancelled", task });
  }
  if (touched.some(({ state }) => state === "pending"))
    for (const kind of ["due", "ended"] as const) announcer.announce({ kind });
  return touched;
}

/** From `gone`, pending rows, to the history. */
const keepCancelled = (sql: Sql) => sql`
  insert into fiscaut_tasks.task_history (${keptColumns(sql)}, state, errors)
  select ${keptColumns(sql)}, 'cancelled', errors from gone`;

/** Of `ids`, which `workerId` runs, those that somebody wants aborted. */
export async function findCancelRequests(store: Store, workerId: number, ids: number[]): Promise<number[]> {
  const rows = await store.sql<{ id: number }[]>`
    select id from fiscaut_tasks.task where id = any(${ids}::bigint[]) and worker_id = ${workerId} and cancel_requested`;
  return rows.map((row) => row.id);
}
