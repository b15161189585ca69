/**
 * Brings a queue whose limits are new to the state that they presume: no claim that did not know of them is under way,
 * and what runs has its slots. Done by the first claim under the limits, so that no end of the setter leaves it undone.
 */
import type { Sql } from "../sql.ts";

const patienceMs = 1_000;
const pollMs = 2;

/**
 * Under the lock of the queue's limit.
 * @returns false: claims that began before the limit are still under way; ask again.
 */
export async function settleLimit(sql: Sql, queue: string): Promise<boolean> {
  const earlier = await readClaimsUnderWay(sql);
  const givesUpAtMs = performance.now() + patienceMs;
  while (earlier.length > 0 && (await anyUnderWay(sql, earlier))) {
    if (performance.now() > givesUpAtMs) return false;
    await Bun.sleep(pollMs);
  }
  // Walks the queue's due tasks, once for each time that limits are set.
  await sql`
    insert into fiscaut_tasks.queue_slot (queue, task_id, attempt, worker_id)
    select t.queue, t.id, t.attempt, t.worker_id from fiscaut_tasks.task t
    where t.queue = ${queue} and t.due and not t.blocked and t.worker_id is not null
      and (select max_running from fiscaut_tasks.queue_limit where queue = ${queue}) is not null
    on conflict (queue, task_id) do update set attempt = excluded.attempt, worker_id = excluded.worker_id`;
  await sql`update fiscaut_tasks.queue_limit set settled = true where queue = ${queue}`;
  return true;
}

/**
 * The ordinary claims are the statements that read `queue` and write `task`: Postgres locks both tables before it
 * takes the statement's snapshot, so a claim that can't see the limit yet is seen here.
 */
async function readClaimsUnderWay(sql: Sql): Promise<string[]> {
  const rows = await sql<{ transaction: string }[]>`
    select t.virtualtransaction as transaction
    from pg_locks q join pg_locks t using (virtualtransaction)
    where q.relation = 'fiscaut_tasks.queue'::regclass and q.mode = 'AccessShareLock' and q.granted
      and t.relation = 'fiscaut_tasks.task'::regclass and t.mode = 'RowExclusiveLock' and t.granted
      and q.database = t.database and t.database = (select oid from pg_database where datname = current_database())
      and t.pid <> pg_backend_pid()`;
  return rows.map((row) => row.transaction);
}

async function anyUnderWay(sql: Sql, transactions: string[]): Promise<boolean> {
  const [row] = await sql<{ found: boolean }[]>`
    select exists (
      select 1 from pg_locks where locktype = 'virtualxid' and virtualxid = any(${transactions}::text[])) as found`;
  return row?.found ?? true;
}
