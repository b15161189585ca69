/**
 * The rules of a new task are written twice, in TypeScript and in SQL: the same tasks go through both doors here, and
 * are taken or refused alike, and stored alike.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { driverCodeOf } from "../../../src/store/connection.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { askedNames, keptColumns } from "../../../src/store/task-columns.ts";
import type { NewAfter } from "../../../src/task/doors/after.ts";
import { checkNewTask, maxPayloadBytes, type NewTask } from "../../../src/task/doors/new-task.ts";
import { OperatorError } from "../../../src/task/errors.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { anyTask } from "../any-task.ts";
import { enqueueBySql, sqlArgumentNames } from "./sql-door-bed.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

type Row = Record<string, unknown>;

/** What was asked for, as it is stored; the row is taken away, so that no key is ever live twice. */
async function takeRow(id: number): Promise<Row> {
  const [row] = await database.store.sql.unsafe<Row[]>(`
    delete from fiscaut_tasks.task where id = ${id}
    returning ${askedNames}, after, waiting, due, batch_id, attempt, errors, planned_at = run_at as planned, run_at - created_at as delay,
      case when run_at - created_at > interval '0' then null else run_at = created_at end as at_once,
      (select jsonb_agg(array[w.after_task_id, w.after_batch_id] order by w.after_task_id, w.after_batch_id)
       from fiscaut_tasks.task_after w where w.task_id = task.id) as waits`);
  if (row === undefined) throw new Error(`task ${id} is not there`);
  return row;
}

/** The stored row, or undefined for a task that is refused. */
async function throughTypeScript(task: NewTask): Promise<Row | undefined> {
  try {
    return await takeRow((await enqueueTask(database.store, checkNewTask(task))).id);
  } catch (error) {
    if (error instanceof OperatorError && error.kind === "usage") return undefined;
    throw error;
  }
}

/** What the driver or the server say of arguments that are no JSON or no value of their type. */
const refusals = ["22023", "22P05", "22P02", "22003"];

async function throughSql(task: NewTask): Promise<Row | undefined> {
  const { keyOf: _, ...asked } = task;
  try {
    return await takeRow(await enqueueBySql(database.store.sql, asked));
  } catch (error) {
    if (refusals.includes(driverCodeOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** With a fixed instant the two transactions' delays differ. */
const comparable = (row: Row | undefined, task: NewTask) =>
  row === undefined || task.runAt === undefined ? row : { ...row, delay: null };

async function expectAlike(task: NewTask): Promise<Row | undefined> {
  const [ours, theirs] = [await throughTypeScript(task), await throughSql(task)];
  expect(comparable(theirs, task)).toEqual(comparable(ours, task));
  return ours;
}

const nested = (brackets: number, inside: unknown): NewTask["payload"] => {
  let payload = inside;
  for (let level = 0; level < brackets; level++) payload = [payload];
  return payload as NewTask["payload"];
};
/** Text that looks like the blanks which Postgres writes and JSON.stringify doesn't. */
const awkward = { 'a, "b": [1, 2]\\': '", \\", \n: ', c: Array.from({ length: 1_000 }, () => 1) };
const ofBytes = (bytes: number) => {
  const rest = bytes - JSON.stringify({ awkward, fill: "" }).length;
  return { awkward, fill: "x".repeat(rest) };
};

const good: Omit<NewTask, "name">[] = [
  {},
  { payload: null },
  { payload: [1, "ç", { deep: [true] }] },
  { payload: ofBytes(maxPayloadBytes) },
  { payload: nested(198, []) },
  { payload: nested(198, 1) },
  { payload: Number.MAX_VALUE },
  { queue: "a.b:c-d_9", priority: -32_768, maxAttempts: 1000, timeoutMs: 2_147_483_647 },
  { queue: "q".repeat(100), priority: 32_767, maxAttempts: 1, timeoutMs: 1 },
  { delayMs: 0 },
  { delayMs: 1 },
  { delayMs: 315_360_000_000 },
  { runAt: new Date(0) },
  { runAt: new Date("9999-12-31T23:59:59.999Z") },
  { key: "a key with blanks", onConflict: "replace", title: "ação 😀" },
  { key: "😀".repeat(200), onConflict: "reschedule", title: "é".repeat(200) },
  { key: "k", onConflict: "skip", serialKey: "company:7" },
  { repeatMs: 1_000 },
  { repeatMs: 315_360_000_000, repeatUntil: new Date("2031-05-06T07:08:09.012Z"), repeatAfterFailure: true },
  { repeatMs: 60_000, delayMs: 5_000, repeatAfterFailure: false },
  ...["django", "django~0%", "django~07%", "fixed:0", "fixed:90s", "exponential:1000ms..60m~100%"].map(
    (backoff) => ({ backoff }),
  ),
  { backoff: "exponential:1d25h61m61s1001ms..3650d" },
];

const bad: NewTask[] = [
  ...["", "no blanks", "ção", "-a", "a\n", "a".repeat(101)].map((name) => ({ name })),
  ...["", ".", "a b"].flatMap((word) => [
    { name: "a", queue: word },
    { name: "a", serialKey: word },
  ]),
  { name: "a", payload: ofBytes(maxPayloadBytes + 1) },
  { name: "a", payload: "x".repeat(3 * maxPayloadBytes) },
  { name: "a", payload: nested(199, []) },
  { name: "a", payload: nested(199, 1) },
  { name: "a", payload: "\u0000" },
  { name: "a", payload: "\ud83d" },
  { name: "a", priority: 32_768 },
  { name: "a", priority: -32_769 },
  { name: "a", maxAttempts: 0 },
  { name: "a", maxAttempts: 1001 },
  { name: "a", timeoutMs: 0 },
  { name: "a", timeoutMs: 2_147_483_648 },
  { name: "a", delayMs: -1 },
  { name: "a", delayMs: 315_360_000_001 },
  { name: "a", delayMs: 1, runAt: new Date() },
  { name: "a", runAt: new Date(-1) },
  { name: "a", runAt: new Date("+010000-01-01T00:00:00Z") },
  { name: "a", key: "" },
  { name: "a", key: "a".repeat(201) },
  { name: "a", key: "😀".repeat(201) },
  { name: "a", key: "payload:1" },
  { name: "a", onConflict: "replace" },
  { name: "a", key: "k", onConflict: "Replace" as never },
  { name: "a", title: "" },
  { name: "a", title: "a".repeat(201) },
  { name: "a", after: [] },
  { name: "a", after: [0] },
  { name: "a", after: [1_000_000] },
  { name: "a", after: Array.from({ length: 1_001 }, () => 1) },
  { name: "a", after: { batches: [1_000_000] } },
  { name: "a", after: { batches: Array.from({ length: 101 }, () => 1) } },
  { name: "a", after: { onFailure: "ignore" } },
  { name: "a", after: { tasks: [], batches: [], onFailure: "fail" } },
  { name: "a", repeatMs: 999 },
  { name: "a", repeatMs: 315_360_000_001 },
  { name: "a", repeatMs: 1_000, repeatUntil: new Date(-1) },
  { name: "a", repeatUntil: new Date() },
  { name: "a", repeatAfterFailure: true },
  ...[
    "",
    "hourly",
    "Django",
    "django~101%",
    "django~1.5%",
    "fixed:",
    "fixed:5",
    "fixed:3651d",
    "fixed:1s1m",
  ].map((backoff) => ({ name: "a", backoff })),
  ...["exponential:0..1h", "exponential:2s..1s", "exponential:1s", "exponential:1s..4000d"].map(
    (backoff) => ({
      name: "a",
      backoff,
    }),
  ),
];

describe("both doors", () => {
  test("take the same tasks, and store them alike", async () => {
    for (const task of good)
      expect([brief(task), (await expectAlike({ name: "a", ...task })) !== undefined]).toEqual([
        brief(task),
        true,
      ]);
  });

  test("refuse the same tasks", async () => {
    for (const task of bad)
      expect([brief(task), (await expectAlike(task)) !== undefined]).toEqual([brief(task), false]);
  });

  test("make a task wait for the same", async () => {
    const { sql } = database.store;
    const [one, two] = [await enqueueBySql(sql, { name: "a" }), await enqueueBySql(sql, { name: "a" })];
    const [batch] = await sql<{ id: number }[]>`
      insert into fiscaut_tasks.batch (title, total, skipped) values ('b', 1, '{}') returning id`;
    await sql`update fiscaut_tasks.task set batch_id = ${batch?.id ?? 0} where id = ${one}`;
    const batches = [batch?.id ?? 0];
    const afters: NewAfter[] = [
      [one],
      [two, one, two],
      { batches },
      { tasks: [two], batches, onFailure: "fail" },
      { tasks: [one], onFailure: "ignore" },
    ];
    for (const after of afters) {
      const row = await expectAlike({ name: "a", after });
      expect(row).toMatchObject({ waiting: true, due: false, waits: expect.any(Array) });
    }
    expect(
      await expectAlike({ name: "a", after: { tasks: [one], onFailure: "never" as never } }),
    ).toBeUndefined();
  });

  test("agree on any other task", async () => {
    await fc.assert(
      fc.asyncProperty(anyTask, async (task) => {
        await expectAlike(task);
      }),
      { numRuns: 200 },
    );
  });

  test("agree on any payload", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (payload) => {
        await expectAlike({ name: "a", payload: payload as NewTask["payload"] });
      }),
      { numRuns: 100 },
    );
  });
});

const brief = (task: object) => JSON.stringify(task).slice(0, 100);

describe("the SQL door", () => {
  test("has an argument for every member of a task", async () => {
    const [row] = await database.store.sql<{ names: string[] }[]>`
      select proargnames as names from pg_proc where oid = 'fiscaut_tasks.enqueue'::regproc`;
    expect(row?.names).toEqual(sqlArgumentNames);
  });

  test("cancels a replaced task with every column that the other doors keep", async () => {
    const [row] = await database.store.sql<{ source: string }[]>`
      select prosrc as source from pg_proc where oid = 'fiscaut_tasks.enqueue'::regproc`;
    for (const column of keptColumns.split(", ")) expect(row?.source).toContain(`g.${column},`);
  });

  test("takes null for what has a default", async () => {
    const words = sqlArgumentNames.slice(1).map((name) => `${name} => null`);
    const [row] = await database.store.sql.unsafe<{ id: number }[]>(
      `select fiscaut_tasks.enqueue('a', ${words.join(", ")}) as id`,
    );
    expect(await takeRow(row?.id ?? 0)).toEqual((await throughTypeScript({ name: "a" })) ?? {});
  });

  test("names every fault at once, as an invalid parameter value with a hint", async () => {
    const refused = enqueueBySql(database.store.sql, {
      name: "no blanks",
      priority: 40_000,
      backoff: "hourly",
    });
    await expect(refused).rejects.toMatchObject({
      code: "22023",
      message:
        "the task's name may hold letters, digits and _ . : - only; " +
        "priority is 40000, not between -32768 and 32767; " +
        'the back-off "hourly" is not one such as django, django~10%, exponential:1s..1h or fixed:30s',
      hint: "correct it, or leave it out: what has a default may also be null",
    });
    await expect(enqueueBySql(database.store.sql, { name: null })).rejects.toMatchObject({
      code: "22023",
      message: "the task's name is null",
    });
  });

  test("refuses a number that JavaScript does not have", async () => {
    for (const number of ["1e309", "-1e309", "[[1.8e308]]", '{"a": [1, -2e400]}'])
      await expect(
        database.store.sql`select fiscaut_tasks.enqueue('a', ${number}::text::jsonb)`,
      ).rejects.toMatchObject({ code: "22023", message: "the payload holds a number beyond 1.8e308" });
  });
});
