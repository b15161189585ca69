/**
 * An attempt's view of the one record that it sends, from its begin to what came of it. At every moment at most one live
 * task is in charge of a record: it alone sends it, so that no older content follows a newer one.
 */
import { storableText } from "../../task/storable.ts";
import type { RecordKey, RecordToSend, SendingAttempt, SendResult } from "../../task/sync/attempt.ts";
import { fiscautQueue, recordKinds, sendTaskName } from "../../task/sync/record.ts";
import type { Store } from "../connection.ts";
import { hasToBeSent, isUnderWay } from "./effective-status.ts";

const longestMessage = 2_000;
const longestResponse = 2_000;

/**
 * Of the earlier kinds a task is asked for that runs its first attempt. The index of claims finds it: what is due there
 * with a higher priority than this attempt's was claimed before it, so what is left of it runs.
 * @returns undefined: no reading has told of such a record.
 */
export async function readRecordToSend(
  { sql }: Store,
  { company, kind, code }: RecordKey,
  attempt: SendingAttempt,
): Promise<RecordToSend | undefined> {
  const earlier = recordKinds.slice(0, recordKinds.indexOf(kind)).map(sendTaskName);
  const [row] = await sql<RecordToSend[]>`
    select r.content, r.content_hash as "contentHash", r.message,
      (r.content_hash = r.synced_hash) is true as "isSynced", r.missing_since is not null as "isMissing",
      exists (select 1 from fiscaut_tasks.company c where c.code = r.company and c.enabled) as "companyEnabled",
      (r.status = 'in_progress' and r.task_id = ${attempt.id}) is true as "inCharge",
      case when r.task_id <> ${attempt.id} and ${isUnderWay(sql, "r")} then r.task_id end as "otherTaskId",
      exists (
        select 1 from unnest(${earlier}::text[]) as earlier (name) cross join lateral (
          select 1 from fiscaut_tasks.task t
          where t.queue = ${fiscautQueue} and t.name = earlier.name and t.due and not t.blocked
            and t.priority > ${attempt.priority} and t.worker_id is not null and t.attempt = 1
            and (t.payload ->> 'company')::bigint = r.company
          limit 1) as running
      ) as "earlierKindRuns"
    from fiscaut_tasks.sync_record r
    where r.company = ${company} and r.kind = ${kind} and r.code = ${code}`;
  return row;
}

/**
 * Puts the attempt's task in charge of a record that has to be sent and that no live task is in charge of: one that was
 * enqueued by hand, or revived. Whether that came about, a further reading tells.
 */
export async function takeUpRecord(
  { sql }: Store,
  { company, kind, code }: RecordKey,
  attempt: SendingAttempt,
): Promise<void> {
  await sql`
    update fiscaut_tasks.sync_record r set status = 'in_progress', task_id = ${attempt.id}
    where company = ${company} and kind = ${kind} and code = ${code}
      and ${hasToBeSent(sql, "r")}
      and (task_id = ${attempt.id} or not ${isUnderWay(sql, "r")})`;
}

/**
 * Ends the charge of an attempt that has nothing to send.
 * @returns false: by now it has.
 */
export async function letGoOfRecord(
  { sql }: Store,
  { company, kind, code }: RecordKey,
  attempt: SendingAttempt,
): Promise<boolean> {
  const rows = await sql`
    update fiscaut_tasks.sync_record r
    set status = case
      when content is null then 'skipped'
      when content_hash = synced_hash then 'synced'
      else 'not_synced' end
    where company = ${company} and kind = ${kind} and code = ${code}
      and status = 'in_progress' and task_id = ${attempt.id}
      and (not ${hasToBeSent(sql, "r")}
        or not exists (select 1 from fiscaut_tasks.company c where c.code = r.company and c.enabled))
    returning 1`;
  return rows.length > 0;
}

/**
 * Notes what came of a sending. One of an attempt that its task has been taken from is refused: it changes nothing.
 * @returns whether there is a newer content by now, which this task is to send, too.
 */
export async function noteSendResult(
  { sql }: Store,
  { company, kind, code }: RecordKey,
  attempt: SendingAttempt,
  { contentHash, verdict, httpStatus, message, response }: SendResult,
): Promise<{ newer: boolean }> {
  const accepted = verdict === "accepted";
  const [row] = await sql<{ newer: boolean }[]>`
    update fiscaut_tasks.sync_record r
    set attempted_at = now(), http_status = ${httpStatus}, response = ${response && storableText(response, longestResponse)},
        -- A skipped one's message is why it is.
        message = case when content is null then message else ${storableText(message, longestMessage)} end,
        synced_hash = case when ${accepted} then ${contentHash} else synced_hash end,
        synced_at = case when ${accepted} then now() else synced_at end,
        status = case
          when content is null then 'skipped'
          when content_hash <> ${contentHash} then 'in_progress'
          when ${accepted} then 'synced'
          when ${verdict === "unavailable"} then 'in_progress'
          else 'error' end
    where company = ${company} and kind = ${kind} and code = ${code} and task_id = ${attempt.id}
      and exists (
        select 1 from fiscaut_tasks.task t
        where t.id = r.task_id and t.worker_id is not null and t.started_at = ${attempt.claimedAt}::timestamptz)
    returning (content_hash <> ${contentHash}) is true as newer`;
  return { newer: row?.newer ?? false };
}
