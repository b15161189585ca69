/**
 * Syncs one company: reads its records from the source, screens them, and has the store enqueue what is to be sent. Which
 * companies are synced is `sync-companies.ts`'s affair, sending a record `sync-record.ts`'s.
 */
import { checkDocument, normaliseDocument } from "../../fiscaut/cnpj.ts";
import { screenRecord } from "../../fiscaut/record.ts";
import type { Company, SourceReader } from "../../sources/source.ts";
import { unstorable } from "../../task/doors/new-task.ts";
import { OperatorError } from "../../task/errors.ts";
import { storableText } from "../../task/storable.ts";
import type { AppliedReading, ReadRecord } from "../../task/sync/reading.ts";
import { kindPlurals, type RecordKind } from "../../task/sync/record.ts";
import type { ReadingStore } from "./sync-store.ts";

export interface SyncRequest {
  /** In the order in which they are to be sent. */
  kinds: readonly RecordKind[];
  force: boolean;
  /** Sends a document whose check digits are wrong, too. */
  sendInvalid: boolean;
  /** Of the records that are sent last. */
  priority: number;
  /** The task on whose behalf, if one. */
  enqueuedBy: number | null;
}

export interface SyncedReading extends AppliedReading {
  company: { code: number; document: string; name: string };
}

/** Rows a portion: of reading, and of telling how far it has come. */
const portion = 1000;
const collectEvery = 5 * portion;

/**
 * All or nothing: one transaction, in bounded memory.
 * @param onRead told now and then what is read.
 * @throws OperatorError when the company is not enabled, unknown or has a bad CNPJ, or the source can't be read.
 */
export async function syncCompany(
  store: ReadingStore,
  reader: SourceReader,
  code: number,
  request: SyncRequest,
  onRead: (words: string) => void,
): Promise<SyncedReading> {
  const readAt = await store.readClock();
  const company = findCompany(code, await reader.company(code), request);
  const { kinds, force, priority, enqueuedBy } = request;
  const records = readRecords(reader, company, request, onRead);
  const applied = await store.applyReading({ company, kinds, readAt, force, priority, enqueuedBy }, records);
  return { company, ...applied };
}

function findCompany(code: number, company: Company | undefined, { sendInvalid }: SyncRequest): Company {
  if (company === undefined)
    throw new OperatorError("failed", `the source has no company ${code}`, {
      hint: "fiscaut-tasks source companies",
    });
  const document = normaliseDocument(company.document);
  const check = checkDocument(document);
  if (!check.valid && !(sendInvalid && check.isWellFormed))
    throw new OperatorError(
      "failed",
      `company ${code} ${company.name}: CNPJ ${document || "(none)"} ${check.fault}`,
      { hint: "correct cgce_emp in the accounting database" },
    );
  return { ...company, document, name: storableText(company.name, company.name.length) };
}

async function* readRecords(
  reader: SourceReader,
  company: Company,
  { kinds, sendInvalid }: SyncRequest,
  onRead: (words: string) => void,
): AsyncGenerator<ReadRecord[]> {
  for (const kind of kinds) {
    let rows = 0;
    let records: ReadRecord[] = [];
    for await (const row of reader.records(kind, company.code)) {
      records.push(toReadRecord(kind, company, row, sendInvalid));
      rows += 1;
      if (records.length < portion) continue;
      onRead(`reading ${kindPlurals[kind]} of ${company.code} ${company.name}: ${rows.toLocaleString("en")}`);
      yield records;
      records = [];
      // Left to itself it is collected late: of 50,000 suppliers the peak was then 15 MB higher, of 165.
      if (rows % collectEvery === 0) Bun.gc(true);
    }
    yield records;
  }
}

function toReadRecord(
  kind: RecordKind,
  company: Company,
  row: Parameters<typeof screenRecord<RecordKind>>[2],
  sendInvalid: boolean,
): ReadRecord {
  const screened = screenRecord(kind, company, row, { sendInvalid });
  const clean = (text: string) => storableText(text, text.length);
  const record = { kind, code: clean(screened.code), name: clean(screened.name) };
  if (screened.kind === "skip")
    return { ...record, skip: { reason: screened.reason, words: clean(screened.words) } };
  const { content, identity } = screened;
  // Postgres could keep no such text, nor does anybody mean it.
  if (!unstorable.test(JSON.stringify({ content, code: screened.code })))
    return { ...record, content, identity };
  const words = `${kind} ${record.code} ${record.name}: holds a NUL or half a character`;
  return { ...record, skip: { reason: "bad_text", words } };
}
