/**
 * Companies as the doors list them and take them to be enabled: what is known of each from earlier readings, beside what
 * the source says now. Pure; the source is read by whoever asks.
 */
import type { NamedCompany, SyncedCompany } from "../sync/company.ts";
import { addCounts, pivotCounts, type RecordCount, type StatusCounts } from "../sync/shown-record.ts";

/** A company of the source, its document bare. */
export interface SourceCompany {
  code: number;
  document: string;
  name: string;
  /** Why nothing of it can be sent, such as `CNPJ 123 has 3 characters, where ...`; null: it can. */
  fault: string | null;
}

export interface CompanyLine {
  code: number;
  document: string | null;
  name: string | null;
  enabled: boolean;
  /** null: no source was asked. */
  inSource: boolean | null;
  fault: string | null;
  records: StatusCounts;
}

/** Every company that is known here or there, by code. */
export function lineUpCompanies(
  known: readonly SyncedCompany[],
  counts: readonly RecordCount[],
  ofSource: readonly SourceCompany[] | undefined,
): CompanyLine[] {
  const lines = new Map<number, CompanyLine>();
  const totals = Map.groupBy(pivotCounts(counts), ({ company }) => company);
  const recordsOf = (code: number) => addCounts((totals.get(code) ?? []).map(({ counts }) => counts));
  for (const { code, document, name, enabled } of known)
    lines.set(code, {
      code,
      document,
      name,
      enabled,
      inSource: ofSource === undefined ? null : false,
      fault: null,
      records: recordsOf(code),
    });
  for (const { code, document, name, fault } of ofSource ?? [])
    lines.set(code, {
      code,
      document: document === "" ? null : document,
      name,
      enabled: lines.get(code)?.enabled ?? false,
      inSource: true,
      fault,
      records: recordsOf(code),
    });
  return [...lines.values()].sort((a, b) => a.code - b.code);
}

export interface RefusedCompany {
  code: number;
  reason: "not_in_source" | "bad_document";
  /** For a person. */
  words: string;
}

/**
 * Which companies can be enabled, and why not the others. Without a source every code is taken: the first sync tells
 * what is wrong with it.
 */
export function chooseCompanies(
  codes: readonly number[],
  ofSource: readonly SourceCompany[] | undefined,
): { chosen: NamedCompany[]; refused: RefusedCompany[] } {
  if (ofSource === undefined) return { chosen: codes.map((code) => ({ code })), refused: [] };
  const byCode = new Map(ofSource.map((company) => [company.code, company]));
  const chosen: NamedCompany[] = [];
  const refused: RefusedCompany[] = [];
  for (const code of codes) {
    const company = byCode.get(code);
    if (company === undefined)
      refused.push({ code, reason: "not_in_source", words: `the source has no company ${code}` });
    else if (company.fault !== null)
      refused.push({
        code,
        reason: "bad_document",
        words: `company ${code} ${company.name}: ${company.fault}`,
      });
    else chosen.push({ code, document: company.document, name: company.name });
  }
  return { chosen, refused };
}
