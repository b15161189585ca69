/**
 * Writes what running tasks tell of themselves, log lines and progress, for many of them in one statement. What an
 * attempt has not had written when it ends travels with its completion (`complete.ts`).
 */
import type { Progress } from "../../task/task.ts";
import type { LogLine } from "../../task/task-log.ts";
import type { Store } from "../connection.ts";
import { withLines } from "../fragments.ts";

/** What is to be added to a task's lines, and its newest progress; null: as it was. */
export interface Report {
  lines: LogLine[];
  progress: Progress | null;
}

export interface AttemptReport extends Report {
  id: number;
  attempt: number;
  workerId: number;
  /** `ClaimedTask.claimedAt`: an attempt that is taken back has its number again. */
  claimedAt: string;
}

/**
 * No indexed column is written, so each row's is a heap-only update. Fenced: a stale attempt's report changes nothing.
 * Lines that the task has already, by their numbers, are left out, so that the same report may be told again.
 * Rows that somebody else has locked are left for the next time: a statement that waits for none can hold nobody up
 * that waits for it.
 * @returns the ids of the tasks whose report is stored.
 */
export async function writeReports({ sql }: Store, reports: AttemptReport[]): Promise<Set<number>> {
  const rows = await sql<{ id: number }[]>`
    with told as (
      select * from unnest(
        ${reports.map((r) => r.id)}::bigint[], ${reports.map((r) => r.attempt)}::int[],
        ${reports.map((r) => r.workerId)}::bigint[], ${reports.map((r) => r.claimedAt)}::text[],
        ${reports.map(progressText)}::text[], ${reports.map(linesText)}::text[]
      ) as r (id, attempt, worker_id, claimed_at, progress, lines)
    ), own as materialized (
      select t.id from fiscaut_tasks.task t join told r on r.id = t.id
      where t.attempt = r.attempt and t.worker_id = r.worker_id and t.started_at = r.claimed_at::timestamptz
      for update of t skip locked
    )
    update fiscaut_tasks.task t
    set progress = coalesce(r.progress::jsonb, t.progress), log = ${withLines(sql, "t.log", "r.lines")}
    from told r
    where r.id = t.id and t.id = any(array(select id from own))
    returning t.id`;
  return new Set(rows.map((row) => row.id));
}

/** As the statements' parameters have them; null changes nothing. */
export const linesText = (report: Report | undefined) =>
  report === undefined || report.lines.length === 0 ? null : JSON.stringify(report.lines);
export const progressText = (report: Report | undefined) =>
  report === undefined || report.progress === null ? null : JSON.stringify(report.progress);
