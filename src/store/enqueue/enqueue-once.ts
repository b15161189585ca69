/**
 * Enqueues tasks that have a key, so that no two live tasks ever have the same. Tasks without one never come here;
 * what a key is and what a conflict's rules mean is told by `task/doors/key.ts`.
 */
import type { EnqueueOutcome } from "../../task/doors/enqueued.ts";
import { type ConflictRule, defaultConflictRule } from "../../task/doors/key.ts";
import type { StorableTask } from "../../task/doors/new-task.ts";
import type { TaskReference } from "../../task/events.ts";
import { keptColumns } from "../fragments.ts";
import type { Sql } from "../sql.ts";
import { insertOnceStatement, insertParameters } from "../task-columns.ts";

export interface KeyedRow {
  key: string;
  /** Of the new task or, where none was added, of the live one. */
  id: number;
  run_at: string;
  outcome: EnqueueOutcome;
  /** The pending one that was cancelled for it. */
  replaced?: TaskReference | undefined;
}

export type KeyedTask = StorableTask & { key: string };

export const hasKey = (task: StorableTask): task is KeyedTask => task.key !== undefined;
export const ruleOf = (task: StorableTask): ConflictRule => task.onConflict ?? defaultConflictRule;

/** Whether one statement at a time will do: the others need a transaction, in which what they free stays theirs. */
export const needsTransaction = (task: StorableTask) => ruleOf(task) !== "skip";

/** More rounds than this only a key could need that is claimed, finished and enqueued anew all the time. */
const maxRounds = 100;

/**
 * Enqueues tasks of different keys (see `foldEqualTasks`), each as its rule says. Atomic against other enqueues,
 * claims and completions: the unique index decides, and whoever lost to a concurrent change looks again.
 * @param sql a transaction's, unless all have the rule skip.
 */
export async function enqueueOnce(sql: Sql, tasks: KeyedTask[], batchId: number | null): Promise<KeyedRow[]> {
  const done: KeyedRow[] = [];
  let open = tasks;
  for (let round = 1; open.length > 0; round++) {
    if (round > maxRounds) throw new Error(`the key ${open[0]?.key} did not come to rest`);
    await supersedeRunning(sql, open.filter(needsTransaction));
    const { rows, left } = await enqueueBesideRunning(sql, open, batchId);
    done.push(...rows);
    open = left;
  }
  return done;
}

/**
 * One round, in which running tasks keep their keys: `left` are the tasks whose place one has, or that a concurrent
 * change was ahead of. It waits for nobody who could be waiting for this transaction, however many it enqueues.
 */
export async function enqueueBesideRunning(
  sql: Sql,
  tasks: KeyedTask[],
  batchId: number | null,
): Promise<{ rows: KeyedRow[]; left: KeyedTask[] }> {
  const rows: KeyedRow[] = [];
  let left = tasks;
  const settle = (settled: KeyedRow[]) => {
    rows.push(...settled);
    const keys = new Set(settled.map((row) => row.key));
    left = left.filter((task) => !keys.has(task.key));
  };
  const withRule = (rule: ConflictRule) => left.filter((task) => ruleOf(task) === rule);

  const replaced = await cancelPending(sql, withRule("replace"));
  settle(await reschedulePending(sql, withRule("reschedule")));
  settle(
    (await insertOnce(sql, left, batchId)).map((row) => ({
      ...row,
      outcome: replaced.has(row.key) ? "replaced" : "created",
      replaced: replaced.get(row.key),
    })),
  );
  settle(await findLive(sql, withRule("skip")));
  return { rows, left };
}

/**
 * Makes of tasks that are equal among themselves one each, as if they came one after another: the statements take a
 * key once only.
 */
export function foldEqualTasks(tasks: KeyedTask[]): KeyedTask[] {
  const byKey = new Map<string, KeyedTask>();
  for (const task of tasks) {
    const earlier = byKey.get(task.key);
    byKey.set(task.key, earlier === undefined ? task : fold(earlier, task));
  }
  return [...byKey.values()];
}

function fold(earlier: KeyedTask, later: KeyedTask): KeyedTask {
  switch (ruleOf(later)) {
    case "skip":
      return earlier;
    case "replace":
      return later;
    case "reschedule": {
      const { priority, delayMs, runAt } = later;
      const onConflict = ruleOf(earlier) === "replace" ? "replace" : "reschedule";
      return { ...earlier, priority, delayMs, runAt, onConflict };
    }
  }
}

/**
 * Into the history, not deleted as Django does: a batch's tasks go on adding up to its total, and whoever looks for
 * one finds what became of it.
 * `key is not null`, here and below: only so is the partial index known to hold them all.
 * @returns them by key.
 */
async function cancelPending(sql: Sql, tasks: KeyedTask[]): Promise<Map<string, TaskReference>> {
  if (tasks.length === 0) return new Map();
  const rows = await sql<(TaskReference & { key: string })[]>`
    with gone as (
      delete from fiscaut_tasks.task
      where key = any(${tasks.map((task) => task.key)}::text[]) and key is not null and worker_id is null
      returning *
    )
    insert into fiscaut_tasks.task_history (${keptColumns(sql)}, state, errors)
    select ${keptColumns(sql)}, 'cancelled', errors from gone
    returning key, id, name, queue, attempt`;
  return new Map(rows.map(({ key, ...task }) => [key, task]));
}

/** A claim that came first makes `worker_id is null` false when the row's lock is had; one that comes later skips it. */
async function reschedulePending(sql: Sql, tasks: KeyedTask[]): Promise<KeyedRow[]> {
  if (tasks.length === 0) return [];
  return await sql<KeyedRow[]>`
    with asked as (
      select key, priority, coalesce(fixed_at::timestamptz, now() + delay_ms * interval '1 ms') as run_at
      from unnest(${tasks.map((task) => task.key)}::text[], ${tasks.map((task) => task.priority)}::int[],
        ${tasks.map((task) => task.delayMs ?? 0)}::float8[],
        ${tasks.map((task) => task.runAt?.toISOString() ?? null)}::text[]
      ) as a (key, priority, delay_ms, fixed_at)
    )
    update fiscaut_tasks.task t
    set priority = a.priority, run_at = a.run_at, due = a.run_at <= now() and not waiting,
        -- A repeating task goes on from its new time.
        planned_at = case when planned_at is null then null else a.run_at end
    from asked a
    where t.key = a.key and t.key is not null and t.worker_id is null
    returning t.key, t.id, t.run_at, 'rescheduled' as outcome`;
}

/** Else it would come back after an error, and do once more what the new one is there for. */
async function supersedeRunning(sql: Sql, tasks: KeyedTask[]): Promise<void> {
  if (tasks.length === 0) return;
  // In the order of ids, in which completions take them too: else each could wait for the other.
  await sql`
    update fiscaut_tasks.task set key = null, superseded = true
    where id = any(array(
      select id from fiscaut_tasks.task
      where key = any(${tasks.map((task) => task.key)}::text[]) and key is not null and worker_id is not null
      order by id for update))`;
}

async function insertOnce(sql: Sql, tasks: KeyedTask[], batchId: number | null) {
  if (tasks.length === 0) return [];
  const parameters = [batchId, ...insertParameters(tasks)];
  return await sql.unsafe<Omit<KeyedRow, "outcome">[]>(insertOnceStatement, parameters, { prepare: true });
}

/** One that finished since the insert is not there, and the next round's insert gets through. */
async function findLive(sql: Sql, tasks: KeyedTask[]): Promise<KeyedRow[]> {
  if (tasks.length === 0) return [];
  return await sql<KeyedRow[]>`
    select key, id, run_at, 'skipped' as outcome from fiscaut_tasks.task
    where key = any(${tasks.map((task) => task.key)}::text[]) and key is not null`;
}
