/** Records as a sync and its attempts would leave them, put in by hand. */
import type { Store } from "../../../src/store/connection.ts";
import type { RecordKind, RecordStatus } from "../../../src/task/sync/record.ts";

export interface AnyRecord {
  company?: number;
  kind?: RecordKind;
  code: string;
  status: RecordStatus;
  taskId?: number;
  name?: string;
  message?: string;
  response?: string;
  httpStatus?: number;
  skipReason?: string;
  content?: Record<string, string>;
  /** ISO 8601. */
  changedAt?: string;
  attemptedAt?: string;
  missingSince?: string;
}

export async function putRecord({ sql }: Store, record: AnyRecord): Promise<void> {
  await sql`
    insert into fiscaut_tasks.sync_record
      (company, kind, code, status, task_id, name, message, response, http_status, skip_reason, content, changed_at,
       attempted_at, missing_since)
    values (${record.company ?? 1}, ${record.kind ?? "supplier"}, ${record.code}, ${record.status}, ${record.taskId ?? null},
      ${record.name ?? `RECORD ${record.code}`}, ${record.message ?? null}, ${record.response ?? null},
      ${record.httpStatus ?? null}, ${record.skipReason ?? null},
      ${record.content === undefined ? null : JSON.stringify(record.content)}::text::jsonb,
      ${record.changedAt ?? "2026-11-01T00:00:00Z"}::text::timestamptz, ${record.attemptedAt ?? null}::text::timestamptz,
      ${record.missingSince ?? null}::text::timestamptz)`;
}
