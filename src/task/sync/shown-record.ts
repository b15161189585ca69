/**
 * Records as every door shows them: their totals, one a line, and all of one. Pure, the words included; what is counted
 * and read is the store's affair.
 */
import { type RecordKind, type RecordStatus, recordStatuses } from "./record.ts";

/** Beside the statuses: it is in the source no more, whatever had become of it before. Nothing of it is sent. */
export const shownStatuses = [...recordStatuses, "missing"] as const;
export type ShownStatus = RecordStatus | "missing";

export type StatusCounts = Record<ShownStatus, number>;

/** How many records of a company's kind have which status; those that none has are left out. */
export interface RecordCount {
  company: number;
  kind: RecordKind;
  status: ShownStatus;
  count: number;
}

/** Of one kind of a company's records. */
export interface KindTotals {
  company: number;
  kind: RecordKind;
  counts: StatusCounts;
}

/** What names a record. */
export interface RecordKey {
  company: number;
  kind: RecordKind;
  code: string;
}

/** What a record's task has come to that did not tell the record so. `gone`: deleted or pruned. */
export type LostTask =
  | { state: "failed"; message: string | null }
  | { state: "succeeded" | "cancelled" | "gone"; message: null };

export interface ShownRecord extends RecordKey {
  name: string;
  /** As the source has it; null: not read yet. */
  companyName: string | null;
  status: ShownStatus;
  /** Its content, or its reason to be skipped, is this since. */
  changedAt: Date;
  missingSince: Date | null;
  attemptedAt: Date | null;
  /** When the API has taken it last, whatever its content was. */
  syncedAt: Date | null;
  /** Of the last attempt; null: no answer came. */
  httpStatus: number | null;
  /** Why it is skipped, as it is counted. */
  skipReason: string | null;
  /** For a person. */
  message: string | null;
  /** The task in charge of it, or the last that was. */
  taskId: number | null;
  /** A page goes on from here. */
  cursor: RecordCursor;
}

export interface WholeRecord extends ShownRecord {
  /** The body that the API is to be sent; null: it is skipped. */
  content: Record<string, string> | null;
  /** The API's last answer as it came, its beginning. */
  response: string | null;
}

/** Where a page ends: the newest first, by `at`, the database's own text to the microsecond. */
export interface RecordCursor extends RecordKey {
  at: string;
}

export function pivotCounts(counts: readonly RecordCount[]): KindTotals[] {
  const totals = new Map<string, KindTotals>();
  for (const { company, kind, status, count } of counts) {
    const key = `${company} ${kind}`;
    const found = totals.get(key) ?? { company, kind, counts: noCounts() };
    found.counts[status] += count;
    totals.set(key, found);
  }
  return [...totals.values()];
}

export function addCounts(all: readonly StatusCounts[]): StatusCounts {
  const sum = noCounts();
  for (const counts of all) for (const status of shownStatuses) sum[status] += counts[status];
  return sum;
}

export const noCounts = (): StatusCounts => ({
  not_synced: 0,
  in_progress: 0,
  synced: 0,
  error: 0,
  skipped: 0,
  missing: 0,
});

/** Such as `its task 17 was cancelled`, with what the record's last attempt came to. */
export function explainLostTask(taskId: number | null, lost: LostTask, lastMessage: string | null): string {
  const what = `its task ${taskId ?? "(none)"} ${describeEnd(lost)}`;
  return lastMessage === null ? what : `${what}; its last attempt: ${lastMessage}`;
}

function describeEnd(lost: LostTask): string {
  switch (lost.state) {
    case "failed":
      return `failed${lost.message === null ? "" : `: ${lost.message}`}`;
    case "cancelled":
      return "was cancelled";
    case "succeeded":
      return "ended without sending it";
    case "gone":
      return "is gone";
  }
}

/** What an operator does about records of this status; undefined: nothing. */
export function adviseOn(status: ShownStatus, company: number | undefined): string | undefined {
  const sync = `fiscaut-tasks sync all --company ${company ?? "N"}`;
  switch (status) {
    case "error":
      return `correct what the message says, then send it again: ${sync}`;
    case "skipped":
      return `correct it in the accounting database, then: ${sync}`;
    case "not_synced":
      return `send it: ${sync}`;
    case "in_progress":
      return "its task waits or runs: fiscaut-tasks list --queue fiscaut";
    case "missing":
      return "the source has it no more: nothing of it is sent, and Fiscaut keeps what it has";
    case "synced":
      return undefined;
  }
}
