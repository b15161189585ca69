/** Finds the tasks of claims whose answer was lost on its way: the database says that they run here, and nobody knows. */
import type { ClaimedTask } from "../../task/task.ts";
import type { Store } from "../connection.ts";
import { type ClaimedRow, claimedLine, claimedText, toClaimedTasks } from "./claim.ts";

/**
 * Walks the live tasks, so only after an answer was lost.
 * @param known the tasks of `workerId` that run, or whose outcome is not stored yet.
 */
export async function findStrays(store: Store, workerId: number, known: number[]): Promise<ClaimedTask[]> {
  const { sql } = store;
  const rows = await sql<ClaimedRow[]>`
    with stray as (
      select ${claimedLine(
        sql,
        sql`exists (
          select 1 from fiscaut_tasks.queue_slot s
          where s.task_id = t.id and s.attempt = t.attempt and s.worker_id = t.worker_id)`,
      )}
      from fiscaut_tasks.task t
      where worker_id = ${workerId} and id <> all(${known}::bigint[])
    )
    select ${claimedText(sql)} from stray`;
  return toClaimedTasks(rows);
}
