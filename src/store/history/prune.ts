/**
 * Drops what is too old of the history, a week of a state at a time, whole: never row by row, which would cost as much
 * as writing them did and leave their pages behind. Then the batches that have no task left. Making partitions is
 * `history-partitions.ts`'s work.
 */
import type { PrunedPartition, Retention } from "../../task/retention.ts";
import type { Store } from "../connection.ts";
import { schemaName } from "../schema/names.ts";
import type { Sql } from "../sql.ts";
import { changePartitions, isoInstant, makePartitions, partitions } from "./history-partitions.ts";

/** Reads only: what `pruneHistory` would drop, the oldest first. The database's clock decides. */
export async function readPrunable(
  { sql }: Pick<Store, "sql">,
  retention: Retention,
): Promise<PrunedPartition[]> {
  const kept = Object.entries(retention).filter(([, ms]) => Number.isFinite(ms));
  return await sql<PrunedPartition[]>`
    select p.name, p.state, ${isoInstant(sql, sql`p.starts_at`)} as "from", ${isoInstant(sql, sql`p.ends_at`)} as "to",
      greatest(p.analyzed_rows, pg_stat_get_live_tuples(p.oid), 0)::bigint as rows,
      coalesce(pg_total_relation_size(p.oid), 0) as bytes
    from (${partitions(sql)}) p
    join unnest(${kept.map(([state]) => state)}::text[], ${kept.map(([, ms]) => ms)}::float8[]) as kept (state, ms)
      on kept.state = p.state
    where p.ends_at <= now() - kept.ms * interval '1 ms'
    order by p.ends_at, p.state`;
}

/**
 * What every door and the worker's own hour do: `pruneHistory` in good order, or only tell what it would drop.
 * @throws OperatorError "unavailable" as it does.
 */
export async function prune(
  store: Pick<Store, "sql" | "patiently">,
  retention: Retention,
  { dryRun = false } = {},
): Promise<PrunedPartition[]> {
  if (dryRun) return await readPrunable(store, retention);
  // First, for it brings rows that lie in a default partition to where the next step finds them.
  await makePartitions(store);
  return await pruneHistory(store, retention);
}

/**
 * Drops them. Idempotent and safe in every worker at once: each partition is dropped, and told, by one of them.
 * A completion waits some milliseconds for it, tenths of a second where another session reads the history: a plain DROP
 * that soon gives way is all or nothing. DETACH CONCURRENTLY waits for every open transaction, can be left half done,
 * and refuses a default partition.
 * @returns those that this call dropped.
 * @throws OperatorError "unavailable" when another session locks the history; call again later.
 */
export async function pruneHistory(
  store: Pick<Store, "sql" | "patiently">,
  retention: Retention,
): Promise<PrunedPartition[]> {
  const dropped: PrunedPartition[] = [];
  for (const partition of await readPrunable(store, retention))
    if (await changePartitions(store, (sql) => dropPartition(sql, partition.name))) dropped.push(partition);
  await pruneBatches(store, retention);
  return dropped;
}

/** A statement takes no more, so that none lasts. */
const batchesAtOnce = 1000;

/**
 * Deletes the batches that are older than any task is kept and have none left. Where a state is kept for ever, so are
 * all batches, a short row each: to look for those without a task would cost more every year.
 */
async function pruneBatches({ sql }: Pick<Store, "sql">, retention: Retention): Promise<void> {
  const longestMs = Math.max(...Object.values(retention));
  if (!Number.isFinite(longestMs)) return;
  for (let afterId = 0; ; ) {
    const old = await sql<{ id: number }[]>`
      with old as materialized (
        select id from fiscaut_tasks.batch
        where id > ${afterId} and created_at < now() - ${longestMs}::float8 * interval '1 ms'
        order by id limit ${batchesAtOnce}
      ), gone as (
        delete from fiscaut_tasks.batch b using old
        where b.id = old.id
          and not exists (select 1 from fiscaut_tasks.task where batch_id = b.id)
          and not exists (select 1 from fiscaut_tasks.task_history where batch_id = b.id)
      )
      select id from old order by id`;
    const last = old.at(-1);
    if (last === undefined) return;
    afterId = last.id;
  }
}

/** One a transaction, so that its locks are held for milliseconds. */
async function dropPartition(sql: Sql, name: string): Promise<boolean> {
  const table = `${schemaName}.${name}`;
  const [row] = await sql<{ exists: boolean }[]>`select to_regclass(${table}) is not null as exists`;
  if (!row?.exists) return false;
  await sql.unsafe(`drop table ${table}`);
  return true;
}
