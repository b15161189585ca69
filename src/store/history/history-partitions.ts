/**
 * The partitions of `task_history`: below each state one a week, and a default one for weeks that have none. Makes
 * them ahead of time; dropping those that are too old is `prune.ts`'s work.
 */
import { OperatorError } from "../../task/errors.ts";
import type { Partition } from "../../task/retention.ts";
import { driverCodeOf, type Store } from "../connection.ts";
import { schemaName } from "../schema/names.ts";
import type { Sql } from "../sql.ts";

/** Weeks beyond the current one: pruners run hourly, so even a fleet that rests over a holiday finds its partition. */
export const weeksAhead = 2;

/** Any number serves, so long as nothing else in the database locks it. */
const lockKey = 0x68_69_73_74; // "hist"
const lockTries = 3;
const pauseMs = 100;
const lockNotAvailable = "55P03";

/**
 * Makes the partitions of this week and the next few, and those of weeks whose rows lie in a default partition, which
 * it moves there. Idempotent and safe in every worker at once. Completions are not held up: making one locks the
 * default partition alone.
 * @returns those that this call made.
 * @throws OperatorError "unavailable" when another session locks the history; rows go to the default partition then.
 */
export async function makePartitions(store: Pick<Store, "sql" | "patiently">): Promise<Partition[]> {
  const made: Partition[] = [];
  // Outside a transaction, since nearly always there is nothing to do.
  for (const partition of await readMissing(store.sql)) {
    const isMade = await changePartitions(store, async (sql) => {
      const missing = await readMissing(sql);
      if (!missing.some(({ name }) => name === partition.name)) return false;
      await makePartition(sql, partition);
      return true;
    });
    if (isMade) made.push(partition);
  }
  return made;
}

/**
 * Runs `work` in a transaction of its own, one caller at a time, with locks that are waited for no longer than
 * completions may wait behind them.
 * @throws OperatorError "unavailable" when they can't be had.
 */
export async function changePartitions<Result>(
  store: Pick<Store, "patiently">,
  work: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await store.patiently(async (patient) => {
        const result = await patient.begin(async (transaction) => {
          const sql = transaction as unknown as Sql;
          await sql`select pg_advisory_xact_lock(${lockKey})`;
          // After the lock above, which only waits for others like this one. A statement that queues for a table's lock
          // makes all that come after it queue too, completions among them.
          await sql`set local lock_timeout = '100ms'`;
          return { of: await work(sql) };
        });
        return result.of;
      });
    } catch (error) {
      if (driverCodeOf(error) !== lockNotAvailable) throw error;
      if (tries === lockTries)
        throw new OperatorError("unavailable", "the task history is locked by another session", {
          hint: "wait for its end; pg_stat_activity shows which one: a dump, or a transaction left open",
          cause: error,
        });
    }
    await Bun.sleep(pauseMs);
  }
}

/** The partitions that there are, but for the default ones. */
export const partitions = (sql: Sql) => sql`
  select week.relname as name, substr(lane.relname, length('task_history_') + 1) as state, week.oid, week.reltuples as analyzed_rows,
    substring(pg_get_expr(week.relpartbound, week.oid) from 'FROM [(]''([^'']+)''[)]')::timestamptz as starts_at,
    substring(pg_get_expr(week.relpartbound, week.oid) from 'TO [(]''([^'']+)''[)]')::timestamptz as ends_at
  from pg_inherits of_root
  join pg_class lane on lane.oid = of_root.inhrelid
  join pg_inherits of_lane on of_lane.inhparent = lane.oid
  join pg_class week on week.oid = of_lane.inhrelid
  where of_root.inhparent = ${`${schemaName}.task_history`}::regclass
    and pg_get_expr(week.relpartbound, week.oid) <> 'DEFAULT'`;

/** As `Partition` has it. */
export const isoInstant = (sql: Sql, expression: ReturnType<Sql>) =>
  sql`to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

/** Weeks begin on Monday, UTC. */
async function readMissing(sql: Sql): Promise<Partition[]> {
  return await sql<Partition[]>`
    with wanted (state, week) as (
      select state, date_trunc('week', now() at time zone 'UTC') + n * interval '1 week'
      from unnest(array['succeeded', 'failed', 'cancelled']) as state, generate_series(0, ${weeksAhead}::int) as n
      union select 'succeeded', date_trunc('week', finished_at at time zone 'UTC') from fiscaut_tasks.task_history_succeeded_default
      union select 'failed', date_trunc('week', finished_at at time zone 'UTC') from fiscaut_tasks.task_history_failed_default
      union select 'cancelled', date_trunc('week', finished_at at time zone 'UTC') from fiscaut_tasks.task_history_cancelled_default
    ), bounded as (
      select state, week, week at time zone 'UTC' as starts_at, (week + interval '1 week') at time zone 'UTC' as ends_at from wanted
    )
    select 'task_history_' || w.state || to_char(w.week, '_YYYYMMDD') as name, w.state,
      ${isoInstant(sql, sql`w.starts_at`)} as "from", ${isoInstant(sql, sql`w.ends_at`)} as "to"
    from bounded w
    where not exists (
      select 1 from (${partitions(sql)}) p
      where p.state = w.state and p.starts_at < w.ends_at and p.ends_at > w.starts_at)
    order by w.week, w.state`;
}

/** Made apart and then attached: `CREATE TABLE ... PARTITION OF` would lock completions out. */
async function makePartition(sql: Sql, { name, state, from, to }: Partition): Promise<void> {
  const table = `${schemaName}.${name}`;
  const parent = `${schemaName}.task_history_${state}`;
  // Only a clock that jumped, or a fleet that was off for weeks, has left rows to move; they may be many.
  await sql.unsafe(`
    create table ${table} (like ${schemaName}.task_history including all excluding indexes, primary key (id));
    lock table ${parent}_default in access exclusive mode;
    with moved as (
      delete from ${parent}_default where finished_at >= '${from}' and finished_at < '${to}' returning *
    ) insert into ${table} select * from moved;
    alter table ${parent} attach partition ${table} for values from ('${from}') to ('${to}')`);
}
