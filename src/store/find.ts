/**
 * Reads tasks wherever they are, live or finished, as one shape. Not hot: built with Drizzle each time.
 */
import { and, desc, eq, isNotNull, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { FinishedState, Task, TaskState } from "../task/task.ts";
import type { Store } from "./connection.ts";
import { taskHistory, task as taskTable } from "./schema.ts";

export interface TaskFilter {
  state?: TaskState | undefined;
  name?: string | undefined;
  queue?: string | undefined;
  batchId?: number | undefined;
  /** Only ids below this one: the cursor. */
  beforeId?: number | undefined;
}

export async function findTask(store: Store, id: number): Promise<Task | undefined> {
  const [[live], [finished]] = await Promise.all([
    selectLive(store, eq(taskTable.id, id), 1),
    selectFinished(store, eq(taskHistory.id, id), 1),
  ]);
  // A task that moves to the history between the two reads is in neither; it is there by now.
  return live ?? finished ?? (await selectFinished(store, eq(taskHistory.id, id), 1))[0];
}

/** The newest first (by id), at most `limit`. */
export async function listTasks(store: Store, filter: TaskFilter, limit: number): Promise<Task[]> {
  const live = filter.state === undefined || filter.state === "pending" || filter.state === "running";
  const finished = filter.state === undefined || !live;
  const found = await Promise.all([
    live ? selectLive(store, liveConditions(filter), limit) : [],
    finished ? selectFinished(store, finishedConditions(filter), limit) : [],
  ]);
  const newestFirst = found.flat().sort((a, b) => b.id - a.id);
  // One that finished between the two reads is in both.
  return newestFirst.filter((task, index) => task.id !== newestFirst[index - 1]?.id).slice(0, limit);
}

function liveConditions(filter: TaskFilter): SQL | undefined {
  return and(
    ...commonConditions(taskTable, filter),
    filter.state === "pending" ? isNull(taskTable.workerId) : undefined,
    filter.state === "running" ? isNotNull(taskTable.workerId) : undefined,
  );
}

function finishedConditions(filter: TaskFilter): SQL | undefined {
  const state = filter.state as FinishedState | undefined;
  return and(
    ...commonConditions(taskHistory, filter),
    state === undefined ? undefined : eq(taskHistory.state, state),
    // Said again in these words so that the index of the unsuccessful ones serves.
    state === "failed" || state === "cancelled" ? sql`state <> 'succeeded'` : undefined,
  );
}

function commonConditions(
  table: typeof taskTable | typeof taskHistory,
  filter: TaskFilter,
): (SQL | undefined)[] {
  return [
    filter.name === undefined ? undefined : eq(table.name, filter.name),
    filter.queue === undefined ? undefined : eq(table.queue, filter.queue),
    filter.batchId === undefined ? undefined : eq(table.batchId, filter.batchId),
    filter.beforeId === undefined ? undefined : lt(table.id, filter.beforeId),
  ];
}

const sharedColumns = (table: typeof taskTable | typeof taskHistory) => ({
  id: table.id,
  name: table.name,
  queue: table.queue,
  title: table.title,
  priority: table.priority,
  payload: table.payload,
  attempt: table.attempt,
  maxAttempts: table.maxAttempts,
  timeoutMs: table.timeoutMs,
  batchId: table.batchId,
  workerId: table.workerId,
  createdAt: table.createdAt,
  runAt: table.runAt,
  startedAt: table.startedAt,
  progress: table.progress,
  errors: table.errors,
});

async function selectLive(store: Store, where: SQL | undefined, limit: number): Promise<Task[]> {
  const rows = await store.db
    .select(sharedColumns(taskTable))
    .from(taskTable)
    .where(where)
    .orderBy(desc(taskTable.id))
    .limit(limit);
  return rows.map((row) => ({
    ...row,
    state: row.workerId === null ? "pending" : "running",
    finishedAt: null,
    result: null,
    errors: row.errors ?? [],
  }));
}

async function selectFinished(store: Store, where: SQL | undefined, limit: number): Promise<Task[]> {
  const rows = await store.db
    .select({
      ...sharedColumns(taskHistory),
      state: taskHistory.state,
      finishedAt: taskHistory.finishedAt,
      result: taskHistory.result,
    })
    .from(taskHistory)
    .where(where)
    .orderBy(desc(taskHistory.id))
    .limit(limit);
  return rows.map((row) => ({ ...row, errors: row.errors ?? [] }));
}
