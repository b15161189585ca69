/** Reads how far batches have come. Enqueuing one is `enqueue.ts`'s work, acting on one `batch-control.ts`'s. */
import { desc, eq, lt, type SQL } from "drizzle-orm";
import {
  type Batch,
  type BatchDetail,
  type BatchError,
  type BatchFilter,
  sampledErrors,
} from "../task/doors/batch.ts";
import type { AttemptError, TaskState } from "../task/task.ts";
import { type Pace, paceOf } from "../task/time/pace.ts";
import { instant, type Store } from "./connection.ts";
import type { batch as batchTable } from "./schema/schema.ts";

export async function findBatch(store: Store, id: number): Promise<Batch | undefined> {
  const [batch] = await readBatches(store, (table) => eq(table.id, id), 1);
  return batch;
}

/** The newest first (by id), at most `limit`. */
export function listBatches(store: Store, { beforeId }: BatchFilter, limit: number): Promise<Batch[]> {
  return readBatches(store, (table) => (beforeId === undefined ? undefined : lt(table.id, beforeId)), limit);
}

/** Reads rows of the batch's tasks, where the totals come from indexes: not to be polled. */
export async function findBatchDetail(store: Store, id: number): Promise<BatchDetail | undefined> {
  const batch = await findBatch(store, id);
  if (batch === undefined) return undefined;
  const [completedAt, errors] = await Promise.all([readCompletedAt(store, batch), sampleErrors(store, id)]);
  return { ...batch, completedAt, errors };
}

async function readBatches(
  store: Store,
  conditionOn: (table: typeof batchTable) => SQL | undefined,
  limit: number,
): Promise<Batch[]> {
  // As in find.ts.
  const { batch: table } = await import("./schema/schema.ts");
  const rows = await store.db
    .select(columnsOf(table))
    .from(table)
    .where(conditionOn(table))
    .orderBy(desc(table.id))
    .limit(limit);
  const counts = await countTasks(
    store,
    rows.map((row) => row.id),
  );
  return rows.map((row) => {
    const states: Record<TaskState, number> = {
      pending: 0,
      running: 0,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
    };
    const counted = counts.get(row.id) ?? [];
    for (const { state, count } of counted) states[state] += count;
    const retrying = sum(counted.map((count) => count.retrying));
    const live = states.pending + states.running;
    const progress = row.total === 0 ? 1 : 1 - live / row.total;
    return { ...row, states, retrying, progress, complete: live === 0, pace: readPace(counted, live) };
  });
}

function readPace(counted: StateCount[], left: number): Pace {
  const since = counted.flatMap(({ since_first_ms }) => since_first_ms ?? []);
  const stalled = counted.flatMap(({ state, stalled }) => (state === "pending" ? (stalled ?? []) : []));
  return paceOf({
    left,
    finishedLastMinute: sum(counted.map(({ recent }) => recent)),
    sinceFirstMs: since.length === 0 ? null : Math.max(...since),
    stalled: stalled.length === 0 ? null : stalled.sort().join("; "),
  });
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

const columnsOf = ({ id, title, key, enqueuedBy, createdAt, total, skipped }: typeof batchTable) => ({
  id,
  title,
  key,
  enqueuedBy,
  createdAt,
  total,
  skipped,
});

interface StateCount {
  batch_id: number;
  state: TaskState;
  count: number;
  retrying: number;
  /** Ended within the last minute, and how long ago the first of these did. */
  recent: number;
  since_first_ms: number | null;
  /** Why tasks of this queue do not start. */
  stalled: string | null;
}

/** In one statement, so of one snapshot: a task that moves to the history meanwhile is counted once. */
async function countTasks({ sql }: Store, ids: number[]): Promise<Map<number, StateCount[]>> {
  const rows = await sql<StateCount[]>`
    select live.batch_id, live.state, live.count, live.retrying, 0 as recent, null::float8 as since_first_ms,
           case when q.paused then format('queue %s is paused', q.name)
                when q.held then format('queue %s is held: %s', q.name, h.reason) end as stalled
    from (
      select batch_id, queue, case when worker_id is null then 'pending' else 'running' end as state, count(*) as count,
             count(*) filter (where worker_id is null and attempt > 0) as retrying
      from fiscaut_tasks.task where batch_id = any(${ids}::bigint[]) group by 1, 2, 3
    ) live
    left join fiscaut_tasks.queue q on q.name = live.queue
    left join fiscaut_tasks.queue_hold h on h.queue = live.queue
    union all
    select batch_id, state, count(*), 0, count(*) filter (where finished_at > now() - interval '1 minute'),
           (extract(epoch from now() - min(finished_at) filter (where finished_at > now() - interval '1 minute')) * 1000)::float8,
           null
    from fiscaut_tasks.task_history
    where batch_id = any(${ids}::bigint[]) group by 1, 2`;
  return Map.groupBy(rows, (row) => row.batch_id);
}

async function readCompletedAt({ sql }: Store, batch: Batch): Promise<Date | null> {
  if (!batch.complete) return null;
  if (batch.total === 0) return batch.createdAt;
  const [row] = await sql<{ at: string | null }[]>`
    select max(finished_at) as at from fiscaut_tasks.task_history where batch_id = ${batch.id}`;
  return instant(row?.at ?? null);
}

async function sampleErrors({ sql }: Store, id: number): Promise<BatchError[]> {
  const rows = await sql<{ id: number; title: string | null; state: TaskState; error: AttemptError }[]>`
    select id, title, state, error from (
      (select 1 as rank, id, title, state, errors -> -1 as error from fiscaut_tasks.task_history
       where batch_id = ${id} and state = 'failed' and errors is not null order by id desc limit ${sampledErrors})
      union all
      (select 2, id, title, case when worker_id is null then 'pending' else 'running' end, errors -> -1
       from fiscaut_tasks.task where batch_id = ${id} and errors is not null order by id desc limit ${sampledErrors})
    ) as sampled order by rank, id desc limit ${sampledErrors}`;
  return rows.map(({ id: taskId, title, state, error: { attempt, at, message } }) => ({
    taskId,
    title,
    state,
    attempt,
    at,
    message,
  }));
}
