/**
 * What a record's status is now, for all who read it: a task that was cancelled, deleted or ended by a time-out tells no
 * record so, hence one that is in_progress without a live task has come to an error. And whether it has to be sent.
 */
import type { Sql } from "../sql.ts";

/** A live task is in charge of the record. `record` names the row of `sync_record`: the table or its alias. */
export const isUnderWay = (sql: Sql, record: string) =>
  sql`(${sql(record)}.status = 'in_progress' and exists (
    select 1 from fiscaut_tasks.task as in_charge where in_charge.id = ${sql(record)}.task_id))`;

/** A `RecordStatus`; `record` as above. */
export const effectiveStatus = (sql: Sql, record: string) =>
  sql`(case when ${sql(record)}.status <> 'in_progress' or ${isUnderWay(sql, record)}
    then ${sql(record)}.status else 'error' end)`;

/** It stands in the source, can be sent, and the API has not taken it as it is; `record` as above. */
export const hasToBeSent = (sql: Sql, record: string) =>
  sql`(${sql(record)}.content is not null and ${sql(record)}.missing_since is null
    and ${sql(record)}.content_hash is distinct from ${sql(record)}.synced_hash)`;
