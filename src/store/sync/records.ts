/**
 * Reads what has become of the records: counts, lists, and all of one. Indexes and statements are made for a million of
 * them. What a sync or an attempt does to them is told elsewhere in this folder.
 */
import type postgres from "postgres";
import type { RecordFilter } from "../../task/doors/record-listing.ts";
import type { RecordKind, RecordStatus } from "../../task/sync/record.ts";
import { recordStatuses } from "../../task/sync/record.ts";
import {
  explainLostTask,
  type LostTask,
  type RecordCount,
  type RecordKey,
  type ShownRecord,
  type ShownStatus,
  type WholeRecord,
} from "../../task/sync/shown-record.ts";
import { instant, type Store } from "../connection.ts";
import type { Sql } from "../sql.ts";
import { effectiveStatus, isUnderWay } from "./effective-status.ts";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** By company and kind, those without records left out. One walk of an index of all; of one company, of its own part. */
export async function countRecords(
  { sql }: Store,
  filter: Pick<RecordFilter, "company"> = {},
): Promise<RecordCount[]> {
  const ofCompany = scopeOf(sql, filter);
  const rows = await sql<
    { company: number; kind: RecordKind; status: RecordStatus; here: number; missing: number; lost: number }[]
  >`
    select counted.*, coalesce(l.lost, 0) as lost from (
      select company, kind, status, count(*) filter (where missing_since is null) as here, count(missing_since) as missing
      from fiscaut_tasks.sync_record r where true ${ofCompany} group by company, kind, status
    ) counted
    left join (
      select company, kind, count(*) as lost from fiscaut_tasks.sync_record r
      where ${isLost(sql)} ${ofCompany} group by company, kind
    ) l
      on l.company = counted.company and l.kind = counted.kind and counted.status = 'in_progress'
    order by company, kind, status`;
  return rows
    .flatMap(({ company, kind, status, here, missing, lost }): RecordCount[] => [
      { company, kind, status, count: here - lost },
      { company, kind, status: "error", count: lost },
      { company, kind, status: "missing", count: missing },
    ])
    .filter(({ count }) => count > 0);
}

/** The newest first, at most `limit`: those that were attempted, changed or lost at the source last. */
export async function listRecords(
  { sql }: Store,
  filter: RecordFilter,
  limit: number,
): Promise<ShownRecord[]> {
  const branches = branchesOf(sql, filter, limit);
  const rows = await sql<RecordRow[]>`
    with page as materialized (
      select * from (${branches.reduce((all, branch) => sql`${all} union all ${branch}`)}) as found
      order by ${newestFirst(sql)} limit ${limit}
    )
    select ${shownColumns(sql)}
    from page p
    join fiscaut_tasks.sync_record r on r.company = p.company and r.kind = p.kind and r.code = p.code
    ${shownJoins(sql)}
    order by p.at desc, p.company, p.kind, p.code`;
  return rows.map(toRecord);
}

export async function findRecord(
  { sql }: Store,
  { company, kind, code }: RecordKey,
): Promise<WholeRecord | undefined> {
  const [row] = await sql<(RecordRow & Pick<WholeRecord, "content" | "response">)[]>`
    select ${shownColumns(sql)}, r.content, r.response
    from fiscaut_tasks.sync_record r ${shownJoins(sql)}
    where r.company = ${company} and r.kind = ${kind} and r.code = ${code}`;
  return row && { ...toRecord(row), content: row.content, response: row.response };
}

/** As the index `sync_record_newest` has it. */
const latest = (sql: Sql) => sql`greatest(r.changed_at, r.attempted_at, r.missing_since)`;
/** The same of one that is not missing: what the index `sync_record_in_charge` holds is enough. */
const latestHere = (sql: Sql) => sql`greatest(r.changed_at, r.attempted_at)`;
const newestFirst = (sql: Sql) => sql`at desc, company, kind, code`;

/** Whose union the page is taken from: each gives what it has in the page's order, and no more than `limit` of it. */
function branchesOf(sql: Sql, { status, ...filter }: RecordFilter, limit: number): Fragment[] {
  const branch = (condition: Fragment, at = latest(sql), from = sql`fiscaut_tasks.sync_record r`) => sql`(
    select r.company, r.kind, r.code, ${at} as at from ${from}
    where ${condition} ${scopeOf(sql, filter)} ${afterOf(sql, filter, at)}
    order by ${newestFirst(sql)} limit ${limit})`;
  if (filter.company !== undefined) {
    // Fenced: walking an index of all companies' records until enough of this one's have come takes long.
    const ofCompany = sql`(select * from fiscaut_tasks.sync_record r where true ${scopeOf(sql, filter)} offset 0) r`;
    return [
      branch(status === undefined ? sql`true` : sql`${shownStatus(sql)} = ${status}`, latest(sql), ofCompany),
    ];
  }
  const here = (one: RecordStatus) => sql`r.status = ${one} and r.missing_since is null`;
  switch (status) {
    case undefined:
      return recordStatuses.map((one) => branch(sql`r.status = ${one}`));
    case "missing":
      return [branch(sql`r.missing_since is not null`)];
    case "error":
      return [branch(here("error")), branch(isLost(sql), latestHere(sql))];
    case "in_progress":
      return [branch(sql`${here("in_progress")} and ${isUnderWay(sql, "r")}`)];
    default:
      return [branch(here(status))];
  }
}

const scopeOf = (sql: Sql, { company, kind, code }: RecordFilter): Fragment =>
  sql`${company === undefined ? sql`` : sql`and r.company = ${company}`}
    ${kind === undefined ? sql`` : sql`and r.kind = ${kind}`}
    ${code === undefined ? sql`` : sql`and r.code = ${code}`}`;

/** The first condition is the index's, the second steps over those of the same instant that were shown. */
const afterOf = (sql: Sql, { after }: RecordFilter, at: Fragment): Fragment =>
  after === undefined
    ? sql``
    : sql`and ${at} <= ${after.at}::timestamptz and (${at} < ${after.at}::timestamptz
        or (r.company, r.kind, r.code) > (${after.company}, ${after.kind}, ${after.code}))`;

/**
 * Its task ended without telling it: what `effective-status.ts` says of one, said so that a million of them are
 * compared with the tasks in the order of two indexes.
 */
const isLost = (sql: Sql) => sql`
  r.status = 'in_progress' and r.missing_since is null
    and not exists (select 1 from fiscaut_tasks.task t where t.id = r.task_id)`;

/** A `ShownStatus`. */
const shownStatus = (sql: Sql) =>
  sql`case when r.missing_since is null then ${effectiveStatus(sql, "r")} else 'missing' end`;

const shownColumns = (sql: Sql) => sql`
  r.company, c.name as company_name, r.kind, r.code, r.name, r.changed_at, r.missing_since, r.attempted_at, r.synced_at,
  r.http_status, r.skip_reason, r.message, r.task_id, shown.status,
  case when shown.status = 'error' and r.status = 'in_progress' then coalesce(ended.state, 'gone') end as lost_state,
  ended.message as lost_message,
  to_char(${latest(sql)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`;

const shownJoins = (sql: Sql) => sql`
  cross join lateral (
    select ${shownStatus(sql)} as status
  ) shown
  left join fiscaut_tasks.company c on c.code = r.company
  left join lateral (
    select h.state, h.errors -> -1 ->> 'message' as message from fiscaut_tasks.task_history h
    where h.id = r.task_id and shown.status = 'error' and r.status = 'in_progress'
  ) ended on true`;

interface RecordRow {
  company: number;
  company_name: string | null;
  kind: RecordKind;
  code: string;
  name: string;
  changed_at: string;
  missing_since: string | null;
  attempted_at: string | null;
  synced_at: string | null;
  http_status: number | null;
  skip_reason: string | null;
  message: string | null;
  task_id: number | null;
  status: ShownStatus;
  lost_state: LostTask["state"] | null;
  lost_message: string | null;
  at: string;
}

function toRecord(row: RecordRow): ShownRecord {
  const { company, kind, code } = row;
  return {
    company,
    companyName: row.company_name,
    kind,
    code,
    name: row.name,
    status: row.status,
    changedAt: instant(row.changed_at),
    missingSince: instant(row.missing_since),
    attemptedAt: instant(row.attempted_at),
    syncedAt: instant(row.synced_at),
    httpStatus: row.http_status,
    skipReason: row.skip_reason,
    message:
      row.lost_state === null
        ? row.message
        : explainLostTask(row.task_id, toLostTask(row.lost_state, row.lost_message), row.message),
    taskId: row.task_id,
    cursor: { at: row.at, company, kind, code },
  };
}

const toLostTask = (state: LostTask["state"], message: string | null): LostTask =>
  state === "failed" ? { state, message } : { state, message: null };
