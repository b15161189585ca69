/**
 * The columns of a task's row as the statements name them, once each: those that a caller's task sets, and those that
 * a row takes along to the history and back. Their types and indexes are `schema/`'s.
 */
import type { StorableTask } from "../task/doors/new-task.ts";
import { keptLines } from "../task/task-log.ts";
import { repeatOf } from "../task/time/repeat.ts";
import { arrayLiteral } from "./array-literal.ts";

interface AskedColumn {
  name: string;
  type: "text" | "int" | "jsonb";
  valueOf: (task: StorableTask) => string | number | null;
}

/** Set when a task is enqueued, never changed by running it. */
const askedColumns: readonly AskedColumn[] = [
  { name: "queue", type: "text", valueOf: (task) => task.queue },
  { name: "name", type: "text", valueOf: (task) => task.name },
  { name: "title", type: "text", valueOf: (task) => task.title ?? null },
  { name: "key", type: "text", valueOf: (task) => task.key ?? null },
  { name: "payload", type: "jsonb", valueOf: (task) => task.payloadJson },
  { name: "priority", type: "int", valueOf: (task) => task.priority },
  { name: "max_attempts", type: "int", valueOf: (task) => task.maxAttempts },
  { name: "serial_key", type: "text", valueOf: (task) => task.serialKey ?? null },
  { name: "timeout_ms", type: "int", valueOf: (task) => task.timeoutMs ?? null },
  { name: "backoff", type: "text", valueOf: (task) => task.backoff ?? null },
  { name: "repeat", type: "jsonb", valueOf: (task) => textOfRepeat(task) },
];

/** Not among them: the next run of a repeating task waits for nothing. */
const afterColumn: AskedColumn = {
  name: "after",
  type: "jsonb",
  valueOf: (task) => (task.after === undefined ? null : JSON.stringify(task.after)),
};
const insertedColumns = [...askedColumns, afterColumn];

export const askedNames = askedColumns.map((column) => column.name).join(", ");

/** What a row takes along from `task` to `task_history` and back, as it is. */
export const keptColumns = `id, created_at, batch_id, schedule_id, planned_at, ${askedNames}, after, run_at, started_at, worker_id, attempt, progress, log`;

/**
 * A log with further lines, the text of a JSON array: those that it has by number already are left out, and the oldest
 * go beyond what is kept. Null as `lines` adds none, and then costs nothing, however long the log.
 */
export const logWithLines = (log: string, lines: string) => `
  case when ${lines} is null then ${log} else (
    -- Materialised: a long log is unpacked once, not once a line.
    with had as materialized (
      select coalesce((${log}[cardinality(${log})] ->> 'n')::bigint, 0) as last_n
    ), added as materialized (
      select array(
        select line from jsonb_array_elements(${lines}::jsonb) with ordinality as l (line, position)
        where (line ->> 'n')::bigint > (select last_n from had)
        order by position) as lines
    )
    select ${log}[greatest(1, cardinality(${log}) + cardinality(added.lines) - ${keptLines - 1}):] || added.lines from added
  ) end`;

/**
 * Their values where an attempt ends a task: `report_progress` and `report_lines` are what it had not stored yet,
 * `waited_ms` how long after its claim it started.
 */
export const endedValues = keptColumns
  .replace(
    "progress, log",
    `coalesce(report_progress::jsonb, progress), ${logWithLines("log", "report_lines")}`,
  )
  .replace("started_at", "started_at + waited_ms * interval '1 ms'");

/** What a finished task keeps when it is revived: all but the traces of its last attempt's run. */
export const revivedColumns = `id, created_at, batch_id, schedule_id, planned_at, ${askedNames}, after, attempt, errors, log`;

/**
 * Their values, with at least one more attempt. The attempts go on counting: they are part of the fencing token.
 * A chain that went on after the failure is not started a second time.
 */
export const revivedValues = revivedColumns
  .replace("max_attempts", "greatest(max_attempts, attempt + 1)")
  .replace(
    /\brepeat\b/,
    "case when state = 'failed' and (repeat -> 'afterFailure')::boolean then null else repeat end",
  );

/** As array parameters have them: jsonb travels as text. */
const parameterType = (column: AskedColumn) => (column.type === "jsonb" ? "text" : column.type);

/**
 * Inserts tasks: arrays unnested, one statement for one task and for a thousand, which bulk measures three times as
 * fast as JSON. Parameters: the batch's id, the queues, delays in ms, fixed instants as text, then an array a column.
 * Ids and rows come in the arrays' order. That each is unnested in the select list, and the queues come apart, spares
 * Postgres fifteen intermediate stores: a quarter of its time.
 * Queues seen for the first time get their row here; workers find the queues there.
 */
export const insertStatement = `
  with seen as (
    insert into fiscaut_tasks.queue (name) select unnest($2::text[]) on conflict do nothing
  )
  insert into fiscaut_tasks.task (batch_id, run_at, planned_at, due, waiting, ${askedNames}, after)
  select $1::bigint, run_at, case when repeat is not null then run_at end, run_at <= now() and after is null, after is not null, ${insertedColumns.map(({ name, type }) => `${name}::${type}`).join(", ")}
  from (
    select *, coalesce(fixed_at::timestamptz, now() + delay_ms * interval '1 ms') as run_at
    from (
      select unnest($3::float8[]) as delay_ms, unnest($4::text[]) as fixed_at,
        ${insertedColumns.map((column, index) => `unnest($${index + 5}::${parameterType(column)}[]) as ${column.name}`).join(", ")}
    ) as unnested
  ) as asked
  returning id, run_at`;

/** The same, for whoever needs to know no ids. */
export const insertChunkStatement = insertStatement.replace("returning id, run_at", "");

/** The same, but leaves out the tasks whose key a live one has. */
export const insertOnceStatement = insertStatement.replace(
  "returning id, run_at",
  "on conflict (key) where key is not null do nothing returning id, run_at, key",
);

function textOfRepeat(task: StorableTask): string | null {
  const repeat = repeatOf(task);
  return repeat === null ? null : JSON.stringify(repeat);
}

/** Of `insertStatement`, but for the batch's id, which comes first. */
export function insertParameters(tasks: readonly StorableTask[]): string[] {
  return [
    // In one order: of two that bring the same new ones, each could wait for the other.
    arrayLiteral([...new Set(tasks.map((task) => task.queue))].sort()),
    arrayLiteral(tasks.map((task) => task.delayMs ?? 0)),
    arrayLiteral(tasks.map((task) => task.runAt?.toISOString() ?? null)),
    ...insertedColumns.map((column) => arrayLiteral(tasks.map(column.valueOf))),
  ];
}
