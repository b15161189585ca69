/** What an operator does to one task: retry it, cancel it. */
import type { TaskState } from "../task/task.ts";
import type { Store } from "./connection.ts";
import { keptColumns, revivedColumns, revivedValues } from "./fragments.ts";
import type { Sql } from "./sql.ts";
import { refuseTakenKey } from "./taken-key.ts";

/** "unchanged" tells the state in which the task can't be so treated. */
export type ControlResult =
  | { kind: "done"; state: TaskState }
  /** A running task was told to abort; its worker does so within a second or two. */
  | { kind: "requested" }
  | { kind: "unchanged"; state: TaskState }
  | { kind: "unknown" };

/**
 * A failed or cancelled task becomes pending again, under its id, with its errors and at least one more attempt;
 * a pending one becomes due now.
 * @throws OperatorError "conflict" when another live task has its key meanwhile.
 */
export async function retryTask(store: Store, id: number): Promise<ControlResult> {
  const [pending] = await store.sql`
    update fiscaut_tasks.task set due = true, run_at = least(run_at, now()) where id = ${id} and worker_id is null
    returning 1`;
  const revived = pending === undefined && (await revive(store.sql, id).catch(refuseTakenKey(store.sql, id)));
  if (pending === undefined && !revived) return await unchanged(store, id);
  store.announcer.announce({ kind: "due" });
  return { kind: "done", state: "pending" };
}

async function revive(sql: Sql, id: number): Promise<boolean> {
  const rows = await sql`
    with gone as (
      delete from fiscaut_tasks.task_history where id = ${id} and state in ('failed', 'cancelled') returning *
    )
    insert into fiscaut_tasks.task (${revivedColumns(sql)}, run_at, due)
    overriding system value
    select ${revivedValues(sql)}, now(), true
    from gone
    returning 1`;
  return rows.length > 0;
}

/** A pending task is cancelled at once; a running one is told to abort, wherever it runs. */
export async function cancelTask(store: Store, id: number): Promise<ControlResult> {
  for (let tries = 1; ; tries++) {
    const result = await tryCancel(store, id);
    // Between the two statements it was claimed or given back: it is the other kind now.
    const moved = result.kind === "unchanged" && (result.state === "pending" || result.state === "running");
    if (!moved || tries === cancelTries) return result;
  }
}

const cancelTries = 5;

async function tryCancel(store: Store, id: number): Promise<ControlResult> {
  const [cancelled] = await store.sql<{ serial_key: string | null }[]>`
    with gone as (
      delete from fiscaut_tasks.task where id = ${id} and worker_id is null returning *
    )
    insert into fiscaut_tasks.task_history (${keptColumns(store.sql)}, state, errors)
    select ${keptColumns(store.sql)}, 'cancelled', errors from gone
    returning serial_key`;
  if (cancelled !== undefined) {
    if (cancelled.serial_key !== null) store.announcer.announce({ kind: "due" });
    return { kind: "done", state: "cancelled" };
  }
  const requested = await store.sql`
    update fiscaut_tasks.task set cancel_requested = true where id = ${id} and worker_id is not null returning 1`;
  if (requested.length === 0) return await unchanged(store, id);
  store.announcer.announce({ kind: "cancel", id });
  return { kind: "requested" };
}

async function unchanged(store: Store, id: number): Promise<ControlResult> {
  const [row] = await store.sql<{ state: TaskState }[]>`
    select case when worker_id is null then 'pending' else 'running' end as state from fiscaut_tasks.task where id = ${id}
    union all
    select state from fiscaut_tasks.task_history where id = ${id}`;
  return row === undefined ? { kind: "unknown" } : { kind: "unchanged", state: row.state };
}
