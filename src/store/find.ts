/**
 * Reads tasks wherever they are, live or finished, as one shape. Not hot: built with Drizzle each time.
 */
import { and, desc, eq, isNotNull, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { TaskFilter } from "../task/doors/filter.ts";
import type { AttemptError, FinishedState, Progress, Task, TaskSummary } from "../task/task.ts";
import { attemptSecondsLeft } from "../task/time/pace.ts";
import type { Store } from "./connection.ts";
import type { taskHistory, task as taskTable } from "./schema/schema.ts";
import { readWaits } from "./waits/waits.ts";

/** Tables are built when they are asked for: a worker that only works needs none. */
const importTables = () => import("./schema/schema.ts");

export async function findTask(store: Store, id: number): Promise<Task | undefined> {
  const { taskHistory, task: taskTable } = await importTables();
  const selectFinished = () =>
    store.db
      .select({
        ...summaryOf(taskHistory),
        ...finishedOf(taskHistory),
        ...wideOf(taskHistory),
        result: taskHistory.result,
      })
      .from(taskHistory)
      .where(eq(taskHistory.id, id));
  const [[live], [finished]] = await Promise.all([
    store.db
      .select({ ...summaryOf(taskTable), ...runningOf(taskTable), ...wideOf(taskTable) })
      .from(taskTable)
      .where(eq(taskTable.id, id)),
    selectFinished(),
  ]);
  if (live !== undefined) {
    const waitsFor = live.waiting ? await readWaits(store, id) : [];
    return { ...toLive(live), waitsFor, result: null, errors: live.errors ?? [] };
  }
  // A task that moves to the history between the two reads is in neither; it is there by now.
  const found = finished ?? (await selectFinished())[0];
  return found && { ...found, ...ended, waitsFor: [], errors: found.errors ?? [] };
}

/** The newest first (by id), at most `limit`. */
export async function listTasks(store: Store, filter: TaskFilter, limit: number): Promise<TaskSummary[]> {
  const wantsLive = filter.state === undefined || filter.state === "pending" || filter.state === "running";
  const wantsFinished = filter.state === undefined || !wantsLive;
  const found = await Promise.all([
    wantsLive ? listLive(store, filter, limit) : [],
    wantsFinished ? listFinished(store, filter, limit) : [],
  ]);
  const newestFirst = found.flat().sort((a, b) => b.id - a.id);
  // One that finished between the two reads is in both.
  return newestFirst.filter((task, index) => task.id !== newestFirst[index - 1]?.id).slice(0, limit);
}

async function listLive(store: Store, filter: TaskFilter, limit: number): Promise<TaskSummary[]> {
  const { task: taskTable } = await importTables();
  const rows = await store.db
    .select({ ...summaryOf(taskTable), ...runningOf(taskTable) })
    .from(taskTable)
    .where(
      and(
        ...commonConditions(taskTable, filter),
        filter.state === "pending" ? isNull(taskTable.workerId) : undefined,
        filter.state === "running" ? isNotNull(taskTable.workerId) : undefined,
      ),
    )
    .orderBy(desc(taskTable.id))
    .limit(limit);
  return rows.map(toLive);
}

async function listFinished(store: Store, filter: TaskFilter, limit: number): Promise<TaskSummary[]> {
  const { taskHistory } = await importTables();
  const state = filter.state as FinishedState | undefined;
  const rows = await store.db
    .select({ ...summaryOf(taskHistory), ...finishedOf(taskHistory) })
    .from(taskHistory)
    .where(
      and(
        ...commonConditions(taskHistory, filter),
        state === undefined ? undefined : eq(taskHistory.state, state),
      ),
    )
    .orderBy(desc(taskHistory.id))
    .limit(limit);
  return rows.map((row) => ({ ...row, ...ended }));
}

type AnyTaskTable = typeof taskTable | typeof taskHistory;

function commonConditions(table: AnyTaskTable, filter: TaskFilter): (SQL | undefined)[] {
  return [
    filter.name === undefined ? undefined : eq(table.name, filter.name),
    filter.queue === undefined ? undefined : eq(table.queue, filter.queue),
    filter.batchId === undefined ? undefined : eq(table.batchId, filter.batchId),
    filter.beforeId === undefined ? undefined : lt(table.id, filter.beforeId),
  ];
}

const summaryOf = (table: AnyTaskTable) => ({
  id: table.id,
  name: table.name,
  queue: table.queue,
  title: table.title,
  key: table.key,
  priority: table.priority,
  attempt: table.attempt,
  maxAttempts: table.maxAttempts,
  timeoutMs: table.timeoutMs,
  backoff: table.backoff,
  batchId: table.batchId,
  workerId: table.workerId,
  createdAt: table.createdAt,
  runAt: table.runAt,
  startedAt: table.startedAt,
  progress: table.progress,
  scheduleId: table.scheduleId,
  plannedAt: table.plannedAt,
  repeat: table.repeat,
  error: sql<AttemptError | null>`${table.errors} -> -1`,
});

const wideOf = (table: AnyTaskTable) => ({
  serialKey: table.serialKey,
  after: table.after,
  payload: table.payload,
  errors: table.errors,
});

const finishedOf = ({ state, finishedAt }: typeof taskHistory) => ({ state, finishedAt });

const runningOf = ({ waiting, startedAt }: typeof taskTable) => ({
  waiting,
  elapsedMs: sql<number | null>`(extract(epoch from now() - ${startedAt}) * 1000)::float8`,
});

interface LiveRow {
  workerId: number | null;
  progress: Progress | null;
  elapsedMs: number | null;
}

function toLive<Row extends LiveRow>({ elapsedMs, ...row }: Row) {
  const { workerId, progress } = row;
  const state = workerId === null ? ("pending" as const) : ("running" as const);
  const etaSeconds =
    elapsedMs === null || progress === null ? null : attemptSecondsLeft(progress.fraction, elapsedMs);
  return { ...row, state, finishedAt: null, etaSeconds };
}

const ended = { waiting: false, etaSeconds: null };
