/** Reads the log lines of one task, wherever it is. Lists and `find.ts` leave them out, for they may be large. */
import type { TaskLog } from "../task/task-log.ts";
import type { Store } from "./connection.ts";

/**
 * @param afterN only lines with a higher number: the last one that the caller has seen.
 * @returns undefined when there is no such task, or its history was pruned.
 */
export async function readTaskLog({ sql }: Store, id: number, afterN = 0): Promise<TaskLog | undefined> {
  // One statement, so one snapshot: a task that finishes meanwhile is found once, with all lines of its state.
  const [found] = await sql<TaskLog[]>`
    select state, coalesce((
      select jsonb_agg(line order by position) from unnest(log) with ordinality as l (line, position)
      where (line ->> 'n')::bigint > ${afterN}), '[]') as lines
    from (
      select case when worker_id is null then 'pending' else 'running' end as state, log
      from fiscaut_tasks.task where id = ${id}
      union all
      select state, log from fiscaut_tasks.task_history where id = ${id}
    ) as t`;
  return found && { state: found.state, lines: found.lines };
}
