/** SQL pieces that several verbs share, each so that what they say of a task's row can't drift apart. */
import { keptErrors } from "../task/task.ts";
import type { Sql } from "./sql.ts";
import * as columns from "./task-columns.ts";

/** What a row takes along from `task` to `task_history`, as it is. */
export const keptColumns = (sql: Sql) => sql.unsafe(columns.keptColumns);

/** The values of `keptColumns` for a task that its attempt ends. */
export const endedValues = (sql: Sql) => sql.unsafe(columns.endedValues);

/** The column `log` with the lines of the column `lines`. */
export const withLines = (sql: Sql, log: string, lines: string) =>
  sql.unsafe(columns.logWithLines(log, lines));

/** What a caller has asked of a task. */
export const askedColumns = (sql: Sql) => sql.unsafe(columns.askedNames);

/** What it takes along from there when it is revived. */
export const revivedColumns = (sql: Sql) => sql.unsafe(columns.revivedColumns);
export const revivedValues = (sql: Sql) => sql.unsafe(columns.revivedValues);

/**
 * The row's `errors` with one more, an `AttemptError`; the oldest go beyond what is kept. A null `message` adds none.
 * In a statement where `attempt` and `worker_id` are those of the attempt.
 */
export const withError = (sql: Sql, message: Fragment, stack: Fragment) => sql`
  case when ${message}::text is null then errors else
    case when jsonb_array_length(errors) >= ${keptErrors} then errors - 0 else coalesce(errors, '[]') end
    || jsonb_build_object('attempt', attempt, 'at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'workerId', worker_id, 'message', ${message}::text, 'stack', ${stack}::text)
  end`;

/** Of a worker's row: it is dead, as far as anybody can tell. */
export const leaseIsPast = (sql: Sql) => sql`heartbeat_at + lease_ms * interval '1 ms' < now()`;

type Fragment = ReturnType<Sql>;
