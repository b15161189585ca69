/** `sync status`: how many records have which status, those that a filter takes, or all of one. */
import { defineCommand } from "citty";
import { recordJson, totalsJson, wholeRecordJson } from "../../../http/sync/record-json.ts";
import type { Store } from "../../../store/connection.ts";
import { countRecords, findRecord, listRecords } from "../../../store/sync/records.ts";
import {
  checkRecordListing,
  defaultRecordsListed,
  formatCursor,
  maxRecordsListed,
  type RecordListing,
} from "../../../task/doors/record-listing.ts";
import { OperatorError } from "../../../task/errors.ts";
import { kindPlurals } from "../../../task/sync/record.ts";
import {
  addCounts,
  adviseOn,
  pivotCounts,
  type RecordCount,
  type RecordKey,
  type ShownRecord,
  type StatusCounts,
  shownStatuses,
  type WholeRecord,
} from "../../../task/sync/shown-record.ts";
import { withStore } from "../../database.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import {
  type Field,
  formatInstant,
  printFields,
  printJson,
  printLine,
  printTable,
  shorten,
} from "../../output/print.ts";
import { prepare } from "../../prepare.ts";

export const syncStatusCommand = defineCommand({
  meta: {
    name: "sync status",
    description:
      "Tell what has become of the records: totals, with a filter one a line, with company, kind and code all of one",
    examples: ["fiscaut-tasks sync status", "fiscaut-tasks sync status --company 1 --status error"],
  },
  args: {
    company: { type: "string", description: "Only this company's (codi_emp)", valueHint: "number" },
    kind: {
      type: "string",
      description: `Only this kind: ${Object.values(kindPlurals).join(", ")}`,
      valueHint: "kind",
      values: Object.values(kindPlurals),
    },
    status: {
      type: "string",
      description: `Only this status: ${shownStatuses.join(", ")} (in the source no more)`,
      valueHint: "status",
      values: shownStatuses,
    },
    code: { type: "string", description: "Only this code of the company's", valueHint: "code" },
    after: { type: "string", description: "The next page, as the one before tells it", valueHint: "cursor" },
    limit: {
      type: "string",
      description: `How many at most, 1 to ${maxRecordsListed} (default: ${defaultRecordsListed})`,
      valueHint: "number",
    },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags(),
  },
  async run(context) {
    const { company, kind, status, code, after, limit, json = false } = context.args;
    const asked = { company, kind, status, code, after, limit };
    const listing = checkRecordListing(asked);
    await withStore(prepare(context), "sync", async (store) => {
      if (Object.values(asked).every((value) => value === undefined))
        tellTotals(await countRecords(store), json);
      else if (isKey(listing)) tellRecord(listing, await findRecord(store, listing), json);
      else await tellList(store, listing, json);
    });
  },
});

const isKey = (listing: RecordListing): listing is RecordListing & RecordKey =>
  listing.company !== undefined &&
  listing.kind !== undefined &&
  listing.code !== undefined &&
  listing.status === undefined;

function tellTotals(counts: readonly RecordCount[], json: boolean): void {
  const totals = pivotCounts(counts);
  if (json) printJson(totalsJson(counts));
  else if (totals.length === 0)
    printLine("no record yet: fiscaut-tasks company enable N, then fiscaut-tasks sync all --company N");
  else
    printTable([
      ...totals.map(({ company, kind, counts }) => toTotalsRow(String(company), kindPlurals[kind], counts)),
      toTotalsRow("all", "all", addCounts(totals.map(({ counts }) => counts))),
    ]);
}

const toTotalsRow = (company: string, kind: string, counts: StatusCounts) => ({
  company,
  kind,
  synced: counts.synced,
  "in progress": counts.in_progress,
  "not synced": counts.not_synced,
  error: counts.error,
  skipped: counts.skipped,
  missing: counts.missing,
});

async function tellList(store: Store, { limit, ...filter }: RecordListing, json: boolean): Promise<void> {
  const records = await listRecords(store, filter, limit + 1);
  const page = records.slice(0, limit);
  const last = records.length > limit ? page.at(-1) : undefined;
  const next = last === undefined ? null : formatCursor(last.cursor);
  if (json) return printJson({ records: page.map(recordJson), next });
  if (page.length === 0) return printLine("no such record");
  printTable(page.map(toRow));
  printLine("");
  for (const status of shownStatuses) {
    const advice = page.some((record) => record.status === status)
      ? adviseOn(status, filter.company)
      : undefined;
    if (advice !== undefined) printLine(`${wordsOf(status)}: ${advice}`);
  }
  if (next !== null) printLine(`there are more: the same with --after "${next}"`);
}

const toRow = (record: ShownRecord) => ({
  company: record.company,
  kind: record.kind,
  code: record.code,
  status: wordsOf(record.status),
  "last attempt": formatInstant(record.attemptedAt),
  http: record.httpStatus,
  task: record.taskId,
  name: shorten(record.name, 40),
  message: record.message === null ? null : shorten(record.message, 160),
});

function tellRecord(key: RecordKey, record: WholeRecord | undefined, json: boolean): void {
  if (record === undefined)
    throw new OperatorError(
      "failed",
      `company ${key.company} has no record ${key.code} among its ${kindPlurals[key.kind]}`,
      { hint: `fiscaut-tasks sync status --company ${key.company} --kind ${kindPlurals[key.kind]}` },
    );
  if (json) printJson(wholeRecordJson(record));
  else printFields(fieldsOf(record));
}

function fieldsOf(record: WholeRecord): Field[] {
  const { company, companyName, status } = record;
  const instantOf = (at: Date | null) => (at === null ? null : formatInstant(at));
  return [
    ["company", companyName === null ? company : `${company} ${companyName}`],
    ["kind", record.kind],
    ["code", record.code],
    ["name", record.name],
    ["status", wordsOf(status)],
    ["message", record.message],
    ["next", adviseOn(status, company) ?? null],
    ["changed", formatInstant(record.changedAt)],
    ["missing since", instantOf(record.missingSince)],
    ["last attempt", instantOf(record.attemptedAt)],
    ["synced", instantOf(record.syncedAt)],
    ["HTTP status", record.httpStatus],
    ["task", record.taskId],
    ["content", record.content === null ? null : JSON.stringify(record.content, null, 2)],
    ["response", record.response],
  ];
}

/** `in_progress` as a person reads it. */
const wordsOf = (status: string) => status.replaceAll("_", " ");
