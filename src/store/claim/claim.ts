/**
 * Takes due tasks for a worker. What is not yet due becomes so in `promote.ts`; queues with limits are
 * `claim-limited.ts`'s.
 */
import type { After } from "../../task/doors/after.ts";
import { byClaimOrder, type ClaimedTask } from "../../task/task.ts";
import { instant, type Store } from "../connection.ts";
import type { Sql } from "../sql.ts";

type Fragment = ReturnType<Sql>;

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
  /** Its commit does not wait for the disk: none of the tasks may start before `Store.flushes` says so. */
  unflushed?: boolean;
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
  const { hot: sql } = store;
  const rows = await sql<ClaimedRow[]>`
    with claimed as (update fiscaut_tasks.task
    set worker_id = ${request.workerId}, attempt = attempt + 1, started_at = now(),
        ahead = ${aheadOf(sql, request.ahead)}
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
    returning ${claimedLine(sql, sql`false`)})
    select ${claimedText(sql)}, ${commitBy(sql, request)} from claimed`;
  return toClaimedTasks(rows);
}

/**
 * So that the first claim finds its connection open, its plan made and the tables' descriptions read: some 40 ms. Nobody
 * waits for it, and what is wrong is told where it is needed.
 */
export function prepareClaims(store: Store): void {
  claimTasks(store, { workerId: 0, names: [], queues: [], limit: 0 }).catch(() => {});
}

/**
 * true: the attempt is taken back should the worker die. Not the last one allowed, which may not run twice, and not of a
 * task that was given back so before (false): it may be what the worker dies of.
 */
export const aheadOf = (sql: Sql, ahead = false) =>
  sql`case when not ahead then false when ${ahead}::boolean and attempt + 1 < max_attempts then true end`;

/**
 * What a claim returns of each task: one text, since rows and columns of their own take the driver many times as long to
 * read, and the server a tenth of the claim. What few tasks have is apart.
 * @param holdsSlot see `ClaimedTask`.
 */
export const claimedLine = (sql: Sql, holdsSlot: Fragment) => sql`
  json_build_array(id, name, queue, priority, payload, attempt, max_attempts, date_part('epoch', run_at) * 1000, started_at,
    ahead, ${holdsSlot}, case when num_nonnulls(timeout_ms, backoff, batch_id, planned_at, serial_key, after, log) > 0
      then json_build_array(timeout_ms, backoff, batch_id, planned_at, serial_key, after, log[cardinality(log)] -> 'n') end
  )::text as line`;

/** The lines of all tasks, for `toClaimedTasks`. */
export const claimedText = (sql: Sql) => sql`'[' || string_agg(line, ',') || ']' as tasks`;

/** Of the statement's own transaction. */
export const commitBy = (sql: Sql, { unflushed = false }: ClaimRequest) =>
  sql`case when ${unflushed}::boolean then set_config('synchronous_commit', 'off', true) end`;

/** In the order of the claim, since RETURNING keeps none. */
export function toClaimedTasks([row]: readonly ClaimedRow[]): ClaimedTask[] {
  const tasks: ClaimedText[] = JSON.parse(row?.tasks ?? "[]");
  return tasks.map(toClaimedTask).sort(byClaimOrder);
}

/** The answer's only row; null where nothing was claimed. */
export interface ClaimedRow {
  tasks: string | null;
}

type ClaimedText = [
  id: number,
  name: string,
  queue: string,
  priority: number,
  payload: unknown,
  attempt: number,
  maxAttempts: number,
  /** Unix time, ms. */
  runAt: number,
  startedAt: string,
  ahead: boolean | null,
  holdsSlot: boolean,
  rest: RestText | null,
];

type RestText = [
  timeoutMs: number | null,
  backoff: string | null,
  batchId: number | null,
  plannedAt: string | null,
  serialKey: string | null,
  after: After | null,
  lastLine: number | null,
];
const noRest: RestText = [null, null, null, null, null, null, null];

function toClaimedTask(text: ClaimedText): ClaimedTask {
  const [id, name, queue, priority, payload, attempt, maxAttempts, runAt, claimedAt, ahead, holdsSlot, rest] =
    text;
  const [timeoutMs, backoff, batchId, plannedAt, serialKey, after, lastLine] = rest ?? noRest;
  return {
    id,
    name,
    queue,
    priority,
    payload,
    attempt,
    maxAttempts,
    timeoutMs,
    backoff,
    batchId,
    runAt: new Date(runAt),
    serialKey,
    holdsSlot,
    claimedAt,
    plannedAt: instant(plannedAt),
    after,
    lastLine: lastLine ?? 0,
    mayWait: ahead ?? false,
  };
}
