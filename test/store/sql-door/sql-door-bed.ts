/** Calls `fiscaut_tasks.enqueue` with a task as TypeScript's doors write it, naming the arguments that it has. */
import type { Sql } from "../../../src/store/sql.ts";
import type { NewAfter } from "../../../src/task/doors/after.ts";
import type { NewTask } from "../../../src/task/doors/new-task.ts";
import { createOnceBed } from "../enqueue/once-bed.ts";

export type Asked = Omit<NewTask, "name" | "keyOf">;

const milliseconds = (placeholder: string) => `${placeholder}::float8 * interval '1 ms'`;

/** How a member of a task is spoken of in SQL, in the order of the arguments there. `keyOf` has no counterpart. */
const sqlArguments: Record<
  Exclude<keyof Flat, "keyOf">,
  { name: string; write?: (value: string) => string }
> = {
  name: { name: "name" },
  payload: { name: "payload", write: (placeholder) => `${placeholder}::text::jsonb` },
  queue: { name: "queue" },
  priority: { name: "priority" },
  runAt: { name: "run_at" },
  delayMs: { name: "delay", write: milliseconds },
  maxAttempts: { name: "max_attempts" },
  timeoutMs: { name: "timeout", write: milliseconds },
  backoff: { name: "backoff" },
  key: { name: "key" },
  onConflict: { name: "on_conflict" },
  serialKey: { name: "serial_key" },
  title: { name: "title" },
  tasks: { name: "after" },
  batches: { name: "after_batches" },
  onFailure: { name: "on_failure" },
  repeatMs: { name: "repeat", write: milliseconds },
  repeatUntil: { name: "repeat_until" },
  repeatAfterFailure: { name: "repeat_after_failure" },
};

/** What a task waits for is three arguments there. */
type Flat = Omit<NewTask, "after"> & Exclude<NewAfter, number[]>;

const flatten = ({ after, ...task }: Partial<Record<keyof NewTask, unknown>>) => ({
  ...task,
  ...(Array.isArray(after) ? { tasks: after } : (after as object | undefined)),
});

/** `wake` says nothing of the task. */
export const sqlArgumentNames = [...Object.values(sqlArguments).map(({ name }) => name), "wake"];

/** As Postgres reads it, also beyond the year 9999. */
const textOf = (at: Date) => at.toISOString().replace(/^\+0?/, "");

/** @throws the driver's error when the function refuses. */
export async function enqueueBySql(sql: Sql, task: Partial<Record<keyof NewTask, unknown>>): Promise<number> {
  const values: unknown[] = [];
  const words = Object.entries(flatten(task))
    .filter(([, value]) => value !== undefined)
    .map(([member, value]) => {
      values.push(
        member === "payload" ? JSON.stringify(value) : value instanceof Date ? textOf(value) : value,
      );
      const { name, write } = sqlArguments[member as keyof typeof sqlArguments];
      const placeholder = `$${values.length}`;
      return `${name} => ${write?.(placeholder) ?? placeholder}`;
    });
  const [row] = await sql.unsafe<{ id: number }[]>(
    `select fiscaut_tasks.enqueue(${words.join(", ")}) as id`,
    values as never[],
  );
  if (row === undefined) throw new Error("the function returned no row");
  return row.id;
}

/** Call it once in a file, outside of its tests. */
export function createSqlDoorBed() {
  const bed = createOnceBed();
  return {
    bed,
    /** Tasks named "a". */
    enqueue: (task: Asked = {}, sql: Sql = bed.store.sql) => enqueueBySql(sql, { name: "a", ...task }),
    /** In a transaction of the caller's own. */
    inTransaction: <Result>(work: (sql: Sql) => Promise<Result>, mode = "") =>
      bed.store.sql.begin(mode, (transaction) => work(transaction as unknown as Sql)) as Promise<Result>,
  };
}
