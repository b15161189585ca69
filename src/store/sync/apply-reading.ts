/**
 * Takes a reading of a company's records over and enqueues what has to be sent, in one transaction: a record is never
 * noted as under way without its task, nor enqueued twice. Reading the source is left to `handlers/fiscaut/`, which row
 * stands for what to `stage-reading.ts`, the tasks to `enqueue-records.ts`.
 */
import { companyNotEnabled } from "../../task/sync/company.ts";
import type { AppliedReading, KindTally, Reading, ReadRecord } from "../../task/sync/reading.ts";
import { type RecordKind, recordKinds } from "../../task/sync/record.ts";
import type { Store } from "../connection.ts";
import { tellOfBatch } from "../enqueue/enqueue-batch.ts";
import { Spool } from "../spool.ts";
import type { Sql } from "../sql.ts";
import { hasToBeSent, isUnderWay } from "./effective-status.ts";
import { enqueueRecords } from "./enqueue-records.ts";
import { type SkippedCount, stageReading } from "./stage-reading.ts";

/** By the database, whose order of readings counts. */
export async function readClock({ sql }: Store): Promise<string> {
  const [row] = await sql<{ at: string }[]>`select clock_timestamp()::text as at`;
  if (row === undefined) throw new Error("the clock returned no row");
  return row.at;
}

async function* toTexts(records: AsyncIterable<ReadRecord[]>): AsyncGenerator<string[]> {
  for await (const chunk of records) yield chunk.map((record) => JSON.stringify(record));
}

async function* fromTexts(texts: AsyncIterable<string[]>): AsyncGenerator<ReadRecord[]> {
  for await (const chunk of texts) yield chunk.map((text): ReadRecord => JSON.parse(text));
}

/**
 * Applies all of `records`, read whole first, or nothing when reading them fails. Of syncs of one company at once one
 * waits for the other, and an older reading changes nothing of the kinds that a newer one has told of.
 * @throws OperatorError "failed" for a company that is not enabled.
 */
export async function applyReading(
  store: Store,
  reading: Reading,
  records: AsyncIterable<ReadRecord[]>,
): Promise<AppliedReading> {
  await using spool = await Spool.fill("what was read", toTexts(records));
  const { batch, ...applied } = await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    await lockCompany(sql, reading);
    // The planner's figures may be those of an empty table: a loop that it plans for one row would read 50,000 rows
    // 50,000 times.
    await sql`set local enable_nestloop = off`;
    const kinds = await claimKinds(sql, reading);
    const { read, left } = await stageReading(sql, kinds, fromTexts(spool.texts()));
    await mergeRecords(sql, reading);
    const missing = await markMissing(sql, reading, kinds);
    await forgetReplaced(sql, reading);
    const skipped = [...left, ...(await countSkipped(sql))];
    const underWay = await countUnderWay(sql, reading, kinds);
    const { batch, enqueued } = await enqueueRecords(sql, { ...reading, kinds }, skipped);
    const tallies = kinds.map((kind): [RecordKind, KindTally] => {
      const tally = {
        read: read.get(kind) ?? 0,
        enqueued: enqueued.get(kind) ?? 0,
        underWay: underWay.get(kind) ?? 0,
        skipped: reasonsOf(skipped, kind),
        missing: missing.get(kind) ?? 0,
      };
      const rest = Object.values(tally.skipped).reduce((sum, count) => sum + count, 0);
      return [kind, { ...tally, unchanged: tally.read - rest - tally.enqueued - tally.underWay }];
    });
    const overtaken = reading.kinds.filter((kind) => !kinds.includes(kind));
    return { batch, kinds: Object.fromEntries(tallies), overtaken };
  });
  if (batch === undefined) return { ...applied, batch };
  await tellOfBatch(store, batch);
  return { ...applied, batch: { id: batch.id, total: batch.total } };
}

/** Its row is locked until the end, so that no two readings of it are applied at once and nobody disables it meanwhile. */
async function lockCompany(sql: Sql, { company: { code, document, name } }: Reading): Promise<void> {
  const [row] = await sql`
    update fiscaut_tasks.company as c
    set document = ${document}, name = ${name},
        changed_at = case when (c.document, c.name) is distinct from (${document}, ${name}) then now() else c.changed_at end
    where code = ${code} and enabled
    returning code`;
  if (row === undefined) throw companyNotEnabled(code);
}

/** @returns the kinds that no later reading has told of; this is their latest from now on. */
async function claimKinds(sql: Sql, { company, kinds, readAt }: Reading): Promise<RecordKind[]> {
  const rows = await sql<{ kind: RecordKind }[]>`
    insert into fiscaut_tasks.sync_reading as r (company, kind, read_at)
    select ${company.code}, kind, ${readAt}::timestamptz from unnest(${[...kinds]}::text[]) as k (kind)
    on conflict (company, kind) do update set read_at = excluded.read_at where r.read_at <= excluded.read_at
    returning kind`;
  const current = new Set(rows.map(({ kind }) => kind));
  return recordKinds.filter((kind) => current.has(kind));
}

/** Writes the rows of those alone that are not as they were: most of them are, at most times. */
async function mergeRecords(sql: Sql, { company, force }: Reading): Promise<void> {
  await sql`
    insert into fiscaut_tasks.sync_record as r
      (company, kind, code, name, identity, content, content_hash, skip_reason, message, status)
    select ${company.code}, s.kind, s.code, s.name, s.identity, s.content, s.content_hash, s.skip_reason, s.message,
      case when s.content is null then 'skipped' else 'not_synced' end
    from read_record s
    left join fiscaut_tasks.sync_record old on old.company = ${company.code} and old.kind = s.kind and old.code = s.code
    where old.code is null or old.missing_since is not null
      or (old.name, old.content_hash, old.skip_reason) is distinct from (s.name, s.content_hash, s.skip_reason)
      or (s.skip_reason is not null and old.message is distinct from s.message)
      or (${force} and old.synced_hash is not null)
    on conflict (company, kind, code) do update set
      name = excluded.name, content = excluded.content, content_hash = excluded.content_hash,
      skip_reason = excluded.skip_reason, missing_since = null,
      -- A skipped one keeps that of the content that was sent last: another record may take it meanwhile.
      identity = coalesce(excluded.identity, r.identity),
      changed_at = case
        when (r.content_hash, r.skip_reason) is distinct from (excluded.content_hash, excluded.skip_reason) then now()
        else r.changed_at end,
      message = case when excluded.content is null then excluded.message
        when r.skip_reason is null then r.message end,
      synced_hash = case when not ${force} then r.synced_hash end,
      status = case
        when excluded.content is null then 'skipped'
        when ${isUnderWay(sql, "r")} then 'in_progress'
        when excluded.content_hash = r.synced_hash and not ${force} then 'synced'
        else 'not_synced' end`;
}

/** @returns how many of each kind are gone since the reading before. */
async function markMissing(sql: Sql, { company }: Reading, kinds: RecordKind[]) {
  const rows = await sql<KindCount[]>`
    with gone as (
      update fiscaut_tasks.sync_record r set missing_since = now()
      where company = ${company.code} and kind = any(${kinds}::text[]) and missing_since is null
        and not exists (select 1 from read_record s where s.kind = r.kind and s.code = r.code)
      returning kind
    )
    select kind, count(*) as count from gone group by kind`;
  return byKind(rows);
}

/** What the API has under an identity is another record's from now on: should this one come back, it is sent again. */
async function forgetReplaced(sql: Sql, { company }: Reading): Promise<void> {
  await sql`
    update fiscaut_tasks.sync_record r
    set synced_hash = null, status = case when status = 'synced' then 'not_synced' else status end
    from read_record s
    where r.company = ${company.code} and r.kind = s.kind and r.identity = s.identity and r.code <> s.code
      and s.content is not null and r.synced_hash is not null and (r.content is null or r.missing_since is not null)`;
}

function countSkipped(sql: Sql) {
  return sql<SkippedCount[]>`
    select kind, skip_reason as reason, count(*) as count from read_record
    where skip_reason is not null group by kind, skip_reason`;
}

/** Those left to a task that is there already. */
async function countUnderWay(sql: Sql, { company }: Reading, kinds: RecordKind[]) {
  const rows = await sql<KindCount[]>`
    select kind, count(*) as count from fiscaut_tasks.sync_record r
    where company = ${company.code} and kind = any(${kinds}::text[]) and ${hasToBeSent(sql, "r")}
      and ${isUnderWay(sql, "r")}
    group by kind`;
  return byKind(rows);
}

interface KindCount {
  kind: RecordKind;
  count: number;
}

const byKind = (rows: KindCount[]) => new Map(rows.map(({ kind, count }) => [kind, count]));

function reasonsOf(skipped: SkippedCount[], kind: RecordKind): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { kind: of, reason, count } of skipped)
    if (of === kind) reasons[reason] = (reasons[reason] ?? 0) + count;
  return reasons;
}
