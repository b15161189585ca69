/** How a control verb on one task finds out what came of it. The verbs are in `retry.ts`, `cancel.ts`, `change.ts` and `delete.ts`. */
import type { ControlResult } from "../../task/doors/control-result.ts";
import type { TaskState } from "../../task/task.ts";
import type { Store } from "../connection.ts";

/** Why a verb's statement matched no row. */
export async function explainUnchanged(store: Store, id: number): Promise<ControlResult> {
  const [row] = await store.sql<{ state: TaskState }[]>`
    select case when worker_id is null then 'pending' else 'running' end as state from fiscaut_tasks.task where id = ${id}
    union all
    select state from fiscaut_tasks.task_history where id = ${id}`;
  return row === undefined ? { kind: "unknown" } : { kind: "unchanged", state: row.state };
}

const mostTries = 5;

/**
 * Tries again while the task is in a state of `movable` although nothing was changed: between two statements it was
 * claimed, given back or finished, and is the verb's after all.
 */
export async function untilSettled(
  movable: readonly TaskState[],
  attempt: () => Promise<ControlResult>,
): Promise<ControlResult> {
  for (let tries = 1; ; tries++) {
    const result = await attempt();
    if (result.kind !== "unchanged" || !movable.includes(result.state) || tries === mostTries) return result;
  }
}
