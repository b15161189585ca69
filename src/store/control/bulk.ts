/**
 * Walks the tasks that a bulk verb takes, a bounded chunk a statement: a million of them are never locked at once nor
 * held up for longer than a thousand take. What is done to a chunk is the verb's statement.
 */
import type { BulkResult } from "../../task/doors/control-result.ts";
import type { TaskState } from "../../task/task.ts";
import type { Store } from "../connection.ts";
import type { Sql } from "../sql.ts";
import type { Condition } from "./filter.ts";

export interface BulkOptions {
  /** Take up no further chunk after this long. Undefined: as long as it takes. */
  limitMs?: number | undefined;
}

export type TaskTable = "task" | "task_history";

/** One table's part of a bulk verb. */
export interface Walk {
  table: TaskTable;
  condition: Condition;
  /**
   * Acts on what `pickTasks` picks within `reach`.
   * @returns all candidates by ascending id; `state` is null for those that it could not reach.
   */
  act(reach: Reach): Promise<Touched[]>;
}

export interface Reach {
  table: TaskTable;
  condition: Condition;
  afterId: number;
  throughId: number;
  /** Wait for who has the row locked, or leave it out. */
  waits: boolean;
}

export interface Touched {
  id: number;
  /** In which the task was found. */
  state: TaskState | null;
}

const chunkSize = 1000;

/**
 * Every task that is there when a walk starts and still matches when its turn comes is acted on once; later ones are
 * not, so that it ends whoever enqueues meanwhile. Walks follow each other, so one that finishes in between is found.
 * A failure leaves the chunks before it done.
 */
export async function walkTasks(
  store: Store,
  walks: (Walk | undefined)[],
  { limitMs = Number.POSITIVE_INFINITY }: BulkOptions,
): Promise<BulkResult> {
  const startedAtMs = performance.now();
  const timeUp = () => performance.now() - startedAtMs > limitMs;
  const states: BulkResult["states"] = {};
  const count = (touched: Touched[]) => {
    for (const { state } of touched) if (state !== null) states[state] = (states[state] ?? 0) + 1;
    return touched.filter(({ state }) => state === null);
  };
  const result = (complete: boolean) => ({
    total: Object.values(states).reduce((sum, some) => sum + some, 0),
    states,
    complete,
  });
  for (const walk of walks) {
    if (walk === undefined) continue;
    const { table, condition } = walk;
    const throughId = await readLastId(store, table);
    for (let afterId = 0; ; ) {
      if (timeUp()) return result(false);
      const chunk = await walk.act({ table, condition, afterId, throughId, waits: false });
      // A statement that waits holds one row only: with more, it and a completer could wait for each other.
      for (const { id } of count(chunk))
        count(await walk.act({ table, condition, afterId: id - 1, throughId: id, waits: true }));
      const last = chunk.at(-1);
      if (last === undefined) break;
      afterId = last.id;
    }
  }
  return result(true);
}

/**
 * The common head of the verbs' statements, to follow `with`: `candidate (id)`, what matches, and `picked (id,
 * running)`, those of them that are locked now and, as they are now, still match. Locking comes before acting, so a
 * claim under way is seen or shut out, never raced.
 */
export function pickTasks(sql: Sql, { table, condition, afterId, throughId, waits }: Reach) {
  const from = sql.unsafe(`fiscaut_tasks.${table}`);
  return sql`
    candidate as materialized (
      select id from ${from} where id > ${afterId} and id <= ${throughId} and ${condition} order by id limit ${chunkSize}
    ), picked as materialized (
      select id, ${sql.unsafe(table === "task" ? "worker_id is not null" : "false")} as running
      from ${from} where id = any(array(select id from candidate)) and ${condition}
      for update ${waits ? sql`` : sql`skip locked`}
    )`;
}

/** How many a bulk verb would take now, by state. */
export async function countTasks(
  store: Store,
  live: Condition | undefined,
  finished: Condition | undefined,
): Promise<BulkResult> {
  const { sql } = store;
  const rows = await sql<{ state: TaskState; count: number }[]>`
    select case when worker_id is null then 'pending' else 'running' end as state, count(*) as count
    from fiscaut_tasks.task where ${live ?? sql`false`} group by 1
    union all
    select state, count(*) from fiscaut_tasks.task_history where ${finished ?? sql`false`} group by 1`;
  return {
    total: rows.reduce((sum, row) => sum + row.count, 0),
    states: Object.fromEntries(rows.map((row) => [row.state, row.count])),
    complete: true,
  };
}

async function readLastId({ sql }: Store, table: TaskTable): Promise<number> {
  const [row] = await sql<
    { id: number | null }[]
  >`select max(id) as id from ${sql.unsafe(`fiscaut_tasks.${table}`)}`;
  return row?.id ?? 0;
}
