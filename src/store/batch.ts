/** Reads how far a batch has come. Enqueuing one is `enqueue.ts`'s work. */
import { eq, sql } from "drizzle-orm";
import type { TaskState } from "../task/task.ts";
import type { Store } from "./connection.ts";
import { batch as batchTable } from "./schema.ts";

export interface Batch {
  id: number;
  title: string;
  createdAt: Date;
  total: number;
  /** Left out before enqueuing, by reason. */
  skipped: Record<string, number>;
  /** Tasks by state; they add up to `total` until the oldest are pruned from the history. */
  states: Record<TaskState, number>;
  /** Pending tasks that already had an error. */
  retrying: number;
  complete: boolean;
}

export async function findBatch(store: Store, id: number): Promise<Batch | undefined> {
  const [row] = await store.db
    .select({
      id: batchTable.id,
      title: batchTable.title,
      createdAt: batchTable.createdAt,
      total: batchTable.total,
      skipped: batchTable.skipped,
    })
    .from(batchTable)
    .where(eq(batchTable.id, id));
  if (row === undefined) return undefined;
  // One statement, so one snapshot: a task that moves to the history meanwhile is counted once.
  const counts = await store.db.execute<{ state: TaskState; count: number; retrying: number }>(sql`
    select case when worker_id is null then 'pending' else 'running' end as state, count(*) as count,
           count(*) filter (where worker_id is null and attempt > 0) as retrying
    from fiscaut_tasks.task where batch_id = ${id} group by 1
    union all
    select state, count(*), 0 from fiscaut_tasks.task_history where batch_id = ${id} group by 1`);
  const states: Record<TaskState, number> = { pending: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
  let retrying = 0;
  for (const count of counts) {
    states[count.state] = count.count;
    retrying += count.retrying;
  }
  return { ...row, states, retrying, complete: states.pending + states.running === 0 };
}
