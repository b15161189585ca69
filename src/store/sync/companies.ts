/**
 * Which companies are synced. What they are called comes from the source, with each reading (`apply-reading.ts`) or from
 * whoever enables them.
 */
import type { NamedCompany, SyncedCompany } from "../../task/sync/company.ts";
import { instant, type Store } from "../connection.ts";

interface CompanyRow {
  code: number;
  enabled: boolean;
  document: string | null;
  name: string | null;
  changed_at: string;
}

/** Every company that was ever enabled or read, by code. */
export async function listCompanies({ sql }: Store): Promise<SyncedCompany[]> {
  const rows = await sql<CompanyRow[]>`
    select code, enabled, document, name, changed_at from fiscaut_tasks.company order by code`;
  return rows.map(({ changed_at, ...company }) => ({ ...company, changedAt: instant(changed_at) }));
}

/** By code. */
export async function listEnabledCompanies({ sql }: Store): Promise<number[]> {
  const rows = await sql<{ code: number }[]>`
    select code from fiscaut_tasks.company where enabled order by code`;
  return rows.map(({ code }) => code);
}

/** Of `codes`, those that are not enabled. */
export async function findNotEnabled({ sql }: Store, codes: readonly number[]): Promise<number[]> {
  const rows = await sql<{ code: number }[]>`
    select code from unnest(${[...codes]}::bigint[]) as asked (code)
    where not exists (select 1 from fiscaut_tasks.company c where c.code = asked.code and c.enabled)
    order by code`;
  return rows.map(({ code }) => code);
}

/**
 * Enables companies; document and name, where they are given, are noted. Nothing is sent before the next sync.
 * @returns the codes of those that were not enabled before.
 */
export async function enableCompanies({ sql }: Store, companies: readonly NamedCompany[]): Promise<number[]> {
  const rows = await sql<{ code: number; was: boolean }[]>`
    with asked as (
      select distinct on (code) code, document, name
      from unnest(${companies.map(({ code }) => code)}::bigint[], ${companies.map(({ document }) => document ?? null)}::text[],
        ${companies.map(({ name }) => name ?? null)}::text[]) as a (code, document, name)
      order by code
    ), before as (
      select code from fiscaut_tasks.company where enabled and code = any(array(select code from asked))
    )
    insert into fiscaut_tasks.company as c (code, enabled, document, name)
    select code, true, document, name from asked order by code
    on conflict (code) do update set enabled = true,
      document = coalesce(excluded.document, c.document), name = coalesce(excluded.name, c.name),
      changed_at = case when c.enabled then c.changed_at else now() end
    returning code, code in (select code from before) as was`;
  return rows.filter(({ was }) => !was).map(({ code }) => code);
}

/**
 * What is enqueued of them already is not sent either: an attempt that begins from now on sends nothing.
 * @returns the codes of those that were enabled before.
 */
export async function disableCompanies({ sql }: Store, codes: readonly number[]): Promise<number[]> {
  const rows = await sql<{ code: number }[]>`
    update fiscaut_tasks.company set enabled = false, changed_at = now()
    where code = any(${[...codes]}::bigint[]) and enabled
    returning code`;
  return rows.map(({ code }) => code).sort((a, b) => a - b);
}
