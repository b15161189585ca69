/**
 * What an operator does to a queue: list, pause, resume, limit, say what is kept of it. What a pause or a limit means to
 * a claim stands in `claim.ts` and `claim-limited.ts`, what is kept in `complete.ts`; holding one is `queue-hold.ts`'s.
 */
import { type HistoryRule, type Queue, type QueueChange, queueCountLimit } from "../task/doors/queue.ts";
import { instant, type Store } from "./connection.ts";
import type { Sql } from "./sql.ts";

interface QueueRow {
  name: string;
  paused: boolean;
  reason: string | null;
  since: string;
  until: string | null;
  max_running: number | null;
  rate_count: number | null;
  rate_period_ms: number | null;
  history: HistoryRule;
  waiting: number;
  running: number;
}

/** Every queue that a task or an operator has named, by name. */
export function listQueues(store: Store): Promise<Queue[]> {
  return readQueues(store.sql, null);
}

/** @returns undefined: nobody has named it yet. */
export async function findQueue(store: Store, name: string): Promise<Queue | undefined> {
  return (await readQueues(store.sql, name))[0];
}

/**
 * Changes what is given and leaves the rest; a queue that nobody has named yet is made. In force when this returns:
 * a paused queue starts nothing more, except what a claim under way has already taken, and running tasks go on.
 * Tasks that run count against `maxRunning` from its first claim on; starts before a queue was limited do not count
 * against its rate.
 */
export async function changeQueue(store: Store, name: string, change: QueueChange): Promise<Queue> {
  const queue = await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    await sql`
      insert into fiscaut_tasks.queue (name, paused, history)
      values (${name}, ${change.paused ?? false}, ${change.history ?? "all"})
      on conflict (name) do update set paused = coalesce(${change.paused ?? null}::boolean, queue.paused),
        history = coalesce(${change.history ?? null}, queue.history)`;
    if (change.maxRunning !== undefined || change.rate !== undefined) await changeLimits(sql, name, change);
    const [row] = await readQueues(sql, name);
    if (row === undefined) throw new Error(`queue ${name} has vanished`);
    return row;
  });
  store.announcer.announce({ kind: "queues" });
  return queue;
}

async function changeLimits(sql: Sql, name: string, { maxRunning, rate }: QueueChange): Promise<void> {
  // In this order of locks, queue then limit, everywhere.
  const [limit] = await sql<{ max_running: number | null; rate_count: number | null }[]>`
    insert into fiscaut_tasks.queue_limit as l (queue, max_running, rate_count, rate_period_ms)
    values (${name}, ${maxRunning ?? null}, ${rate?.count ?? null}, ${rate?.periodMs ?? null})
    on conflict (queue) do update set
      max_running = case when ${maxRunning !== undefined} then excluded.max_running else l.max_running end,
      rate_count = case when ${rate !== undefined} then excluded.rate_count else l.rate_count end,
      rate_period_ms = case when ${rate !== undefined} then excluded.rate_period_ms else l.rate_period_ms end,
      settled = l.settled and (l.max_running is not null or ${(maxRunning ?? null) === null})
    returning max_running, rate_count`;
  const limited = limit !== undefined && (limit.max_running !== null || limit.rate_count !== null);
  await sql`update fiscaut_tasks.queue set limited = ${limited} where name = ${name}`;
  if (limited) return;
  await sql`delete from fiscaut_tasks.queue_limit where queue = ${name}`;
  await sql`delete from fiscaut_tasks.queue_slot where queue = ${name}`;
}

/** One index descent a queue, and no walk longer than `queueCountLimit`. */
async function readQueues(sql: Sql, name: string | null): Promise<Queue[]> {
  const rows = await sql<QueueRow[]>`
    select q.name, q.paused, h.reason, h.since, h.until, l.max_running, l.rate_count, l.rate_period_ms, q.history, live.waiting, live.running
    from fiscaut_tasks.queue q
    left join fiscaut_tasks.queue_hold h on h.queue = q.name
    left join fiscaut_tasks.queue_limit l on l.queue = q.name
    cross join lateral (
      select count(*) filter (where worker_id is null) as waiting, count(worker_id) as running
      from (select worker_id from fiscaut_tasks.task t where t.queue = q.name and t.due and not t.blocked limit ${queueCountLimit}) t
    ) live
    where ${name}::text is null or q.name = ${name}
    order by q.name`;
  return rows.map((row) => ({
    name: row.name,
    paused: row.paused,
    held:
      row.reason === null
        ? null
        : { reason: row.reason, since: instant(row.since), until: instant(row.until) },
    maxRunning: row.max_running,
    rate:
      row.rate_count === null || row.rate_period_ms === null
        ? null
        : { count: row.rate_count, periodMs: row.rate_period_ms },
    history: row.history,
    waiting: row.waiting,
    running: row.running,
  }));
}
