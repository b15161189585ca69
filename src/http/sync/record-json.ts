/** Records as HTTP shows them: a contract with other programs, so every member is named here. */
import {
  addCounts,
  adviseOn,
  pivotCounts,
  type RecordCount,
  type ShownRecord,
  type WholeRecord,
} from "../../task/sync/shown-record.ts";

export function totalsJson(counts: readonly RecordCount[]) {
  const totals = pivotCounts(counts);
  return {
    total: addCounts(totals.map(({ counts }) => counts)),
    kinds: totals.map(({ company, kind, counts }) => ({ company, kind, ...counts })),
  };
}

export function recordJson(record: ShownRecord) {
  return {
    company: record.company,
    kind: record.kind,
    code: record.code,
    name: record.name,
    status: record.status,
    changedAt: record.changedAt,
    missingSince: record.missingSince,
    attemptedAt: record.attemptedAt,
    syncedAt: record.syncedAt,
    httpStatus: record.httpStatus,
    skipReason: record.skipReason,
    message: record.message,
    taskId: record.taskId,
  };
}

/** `hint`: what an operator does about it. */
export function wholeRecordJson(record: WholeRecord) {
  return {
    ...recordJson(record),
    companyName: record.companyName,
    content: record.content,
    response: record.response,
    hint: adviseOn(record.status, record.company) ?? null,
  };
}
