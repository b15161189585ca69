/**
 * Takes due tasks for a worker. What is not yet due becomes so in `promote.ts`; queues with limits are
 * `claim-limited.ts`'s.
 */
import type { After } from "../../task/doors/after.ts";
import { byClaimOrder, type ClaimedTask } from "../../task/task.ts";
import { instant, type Store } from "../connection.ts";
import type { Sql } from "../sql.ts";

export interface ClaimRequest {
  workerId: number;
  /** Only tasks that this worker has a handler for. */
  names: string[];
  /** Empty: every queue. */
  queues: string[];
  /** At the most. */
  limit: number;
  /** They may not start at once: see `ClaimedTask.mayWait`. */
  ahead?: boolean;
}

/**
 * Claims due tasks for `workerId` and marks them running: highest priority first, then the longest due, then
 * the lowest id. Safe with many workers: SKIP LOCKED, no task is claimed twice while its lease holds.
 * The database's clock decides what is due.
 */
export async function claimTasks(store: Store, request: ClaimRequest): Promise<ClaimedTask[]> {
  // One index descent a lane (queue, name), so a backlog that this worker has no handler for is never walked.
  // `worker_id is null` is a filter and in no index: that keeps the claim's own write a heap-only update.
  // The array() fences LIMIT and the row locks from the UPDATE, which else might plan them into a join.
  const rows = await store.sql<ClaimedRow[]>`
    update fiscaut_tasks.task
    set worker_id = ${request.workerId}, attempt = attempt + 1, started_at = now(),
        ahead = ${aheadOf(store.sql, request.ahead)}
    where ctid = any(array(
      select head.ctid
      from fiscaut_tasks.queue q
      cross join unnest(${request.names}::text[]) as handler (name)
      cross join lateral (
        select t.ctid, t.priority, t.run_at, t.id
        from fiscaut_tasks.task t
        where t.queue = q.name and t.name = handler.name and t.due and not t.blocked and t.worker_id is null
        order by t.priority desc, t.run_at, t.id
        limit ${request.limit}
        for update skip locked
      ) head
      where not q.paused and not q.held and not q.limited
        and (cardinality(${request.queues}::text[]) = 0 or q.name = any(${request.queues}::text[]))
      order by head.priority desc, head.run_at, head.id
      limit ${request.limit}))
    returning ${claimedColumns(store.sql)}`;
  return toClaimedTasks(rows);
}

/**
 * true: the attempt is taken back should the worker die. Not the last one allowed, which may not run twice, and not of a
 * task that was given back so before (false): it may be what the worker dies of.
 */
export const aheadOf = (sql: Sql, ahead = false) =>
  sql`case when not ahead then false when ${ahead}::boolean and attempt + 1 < max_attempts then true end`;

/** What a claim returns of each task, for `toClaimedTasks`. */
export const claimedColumns = (sql: Sql) =>
  sql.unsafe(
    "id, name, queue, priority, payload, attempt, max_attempts, timeout_ms, backoff, batch_id, run_at, planned_at, started_at, serial_key, after, ahead, (log[cardinality(log)] ->> 'n')::int as last_line",
  );

/** In the order of the claim, since RETURNING keeps none. */
export function toClaimedTasks(rows: readonly ClaimedRow[]): ClaimedTask[] {
  return rows.map(toClaimedTask).sort(byClaimOrder);
}

export interface ClaimedRow {
  id: number;
  name: string;
  queue: string;
  priority: number;
  payload: unknown;
  attempt: number;
  max_attempts: number;
  timeout_ms: number | null;
  backoff: string | null;
  batch_id: number | null;
  run_at: string;
  serial_key: string | null;
  holds_slot?: boolean;
  started_at: string;
  planned_at: string | null;
  after: After | null;
  last_line: number | null;
  ahead: boolean | null;
}

const toClaimedTask = (row: ClaimedRow): ClaimedTask => ({
  id: row.id,
  name: row.name,
  queue: row.queue,
  priority: row.priority,
  payload: row.payload,
  attempt: row.attempt,
  maxAttempts: row.max_attempts,
  timeoutMs: row.timeout_ms,
  backoff: row.backoff,
  batchId: row.batch_id,
  runAt: instant(row.run_at),
  serialKey: row.serial_key,
  holdsSlot: row.holds_slot ?? false,
  claimedAt: row.started_at,
  plannedAt: instant(row.planned_at),
  after: row.after,
  lastLine: row.last_line ?? 0,
  mayWait: row.ahead ?? false,
});
