/**
 * Opens what new tasks wait for, within the transaction that enqueues them, and reads what of it is still open. Ending
 * a wait is `release.ts`'s work.
 */
import type { StorableTask } from "../../task/doors/new-task.ts";
import { OperatorError } from "../../task/errors.ts";
import type { Predecessor, TaskState } from "../../task/task.ts";
import type { Store } from "../connection.ts";
import type { Sql } from "../sql.ts";

/** Before `tasks` are inserted, so that none can wait for itself. Tasks without `after` cost nothing. */
export async function requirePredecessors(
  sql: Sql,
  tasks: readonly StorableTask[],
  ownBatchId: number | null = null,
): Promise<void> {
  const unique = (ids: number[]) => [...new Set(ids)];
  const taskIds = unique(tasks.flatMap(({ after }) => after?.tasks ?? []));
  const batchIds = unique(tasks.flatMap(({ after }) => after?.batches ?? []));
  if (taskIds.length > 0) {
    const [unknown] = await sql<{ id: number }[]>`
      select id from unnest(${taskIds}::bigint[]) as asked (id)
      where not exists (select 1 from fiscaut_tasks.task t where t.id = asked.id)
        and not exists (select 1 from fiscaut_tasks.task_history h where h.id = asked.id)
      order by id limit 1`;
    if (unknown !== undefined) throw refuse(`task ${unknown.id}`);
  }
  if (batchIds.length > 0) {
    // Its own batch it would wait for for ever.
    const [unknown] = await sql<{ id: number }[]>`
      select id from unnest(${batchIds}::bigint[]) as asked (id)
      where id = ${ownBatchId} or not exists (select 1 from fiscaut_tasks.batch b where b.id = asked.id)
      order by id limit 1`;
    if (unknown !== undefined)
      throw unknown.id === ownBatchId
        ? new OperatorError("usage", `a task can't wait for its own batch ${ownBatchId}`)
        : refuse(`batch ${unknown.id}`);
  }
}

const refuse = (what: string) =>
  new OperatorError("usage", `after: there is no ${what} to wait for`, {
    hint: "name tasks and batches that are stored; finished tasks are pruned after their retention",
  });

/**
 * For tasks that were inserted just now, in the same transaction; those that wait for nothing are passed over. What has
 * succeeded already counts from here on, whatever becomes of its row.
 */
export async function openWaits(sql: Sql, ids: number[]): Promise<void> {
  await sql`
    insert into fiscaut_tasks.task_after (task_id, after_task_id, after_batch_id)
    select t.id, each.task_id, each.batch_id
    from fiscaut_tasks.task t cross join lateral (
      select value::bigint as task_id, null::bigint as batch_id from jsonb_array_elements(t.after -> 'tasks')
      where not exists (
        select 1 from fiscaut_tasks.task_history h where h.id = value::bigint and h.state = 'succeeded')
      union all
      select null, value::bigint from jsonb_array_elements(t.after -> 'batches')
    ) as each
    where t.id = any(${ids}::bigint[]) and t.waiting
    -- At the commit their rows are marked in this order, which is that of a completion's locks.
    order by each.task_id`;
}

/** What `id` still waits for; tasks first, each by id. */
export async function readWaits({ sql }: Pick<Store, "sql">, id: number): Promise<Predecessor[]> {
  const rows = await sql<
    {
      taskId: number | null;
      batchId: number | null;
      state: TaskState | "deleted";
      live: number;
      failed: number;
    }[]
  >`
    select a.after_task_id as "taskId", a.after_batch_id as "batchId",
      coalesce(t.state, h.state, 'deleted') as state, b.live, b.failed
    from fiscaut_tasks.task_after a
    left join lateral (
      select case when worker_id is null then 'pending' else 'running' end as state
      from fiscaut_tasks.task where id = a.after_task_id) as t on true
    left join lateral (select state from fiscaut_tasks.task_history where id = a.after_task_id limit 1) as h on true
    cross join lateral (
      select
        (select count(*) from fiscaut_tasks.task where batch_id = a.after_batch_id) as live,
        (select count(*) from fiscaut_tasks.task_history
         where batch_id = a.after_batch_id and state in ('failed', 'cancelled')) as failed
    ) as b
    where a.task_id = ${id}
    order by a.after_task_id, a.after_batch_id`;
  return rows.flatMap(({ taskId, batchId, state, live, failed }): Predecessor[] => {
    if (taskId !== null) return [{ taskId, state }];
    return batchId === null ? [] : [{ batchId, live, failed }];
  });
}
