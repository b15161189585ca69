import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { promoteTasks } from "../../../src/store/claim/promote.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { findTask } from "../../../src/store/find.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import { settle } from "../../../src/task/settle.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

let database: TestDatabase;
let workerId: number;

beforeAll(async () => {
  database = await createDatabase();
  workerId = await registerWorker(database.store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.queue`;
});

const enqueue = async (task: NewTask) => (await enqueueTask(database.store, checkNewTask(task))).id;
const claim = (limit: number, names = ["a"], queues: string[] = []) =>
  claimTasks(database.store, { workerId, names, queues, limit });
const claimIds = async (...args: Parameters<typeof claim>) => (await claim(...args)).map((task) => task.id);

describe("claimTasks", () => {
  test("takes the highest priority first, then the longest due, then the lowest id", async () => {
    const old = await enqueue({ name: "a", runAt: "2026-01-02T00:00:00Z" });
    const older = await enqueue({ name: "a", runAt: "2026-01-01T00:00:00Z" });
    const urgent = await enqueue({ name: "a", priority: 10 });
    const sameAsOld = await enqueue({ name: "a", runAt: "2026-01-02T00:00:00Z" });
    expect(await claimIds(10)).toEqual([urgent, older, old, sameAsOld]);
  });

  test("orders across queues and names as within one", async () => {
    const low = await enqueue({ name: "a", queue: "x", priority: 1 });
    const high = await enqueue({ name: "b", queue: "y", priority: 3 });
    const middle = await enqueue({ name: "a", queue: "y", priority: 2 });
    expect(await claimIds(2, ["a", "b"])).toEqual([high, middle]);
    expect(await claimIds(2, ["a", "b"])).toEqual([low]);
  });

  test("never takes a name without a handler, however many of them wait in front", async () => {
    await enqueueBatch(
      database.store,
      { title: "unknown", skipped: {}, enqueuedBy: null },
      Array.from({ length: 2_000 }, () => checkNewTask({ name: "unknown", priority: 9 })),
    );
    const known = await enqueue({ name: "a" });
    expect(await claimIds(10)).toEqual([known]);
  });

  test("takes from the named queues only, and never from a paused one", async () => {
    const wanted = await enqueue({ name: "a", queue: "wanted" });
    await enqueue({ name: "a", queue: "other" });
    await enqueue({ name: "a", queue: "paused" });
    await database.store.sql`update fiscaut_tasks.queue set paused = true where name = 'paused'`;
    expect(await claimIds(10, ["a"], ["wanted", "paused"])).toEqual([wanted]);
  });

  test("leaves a future task alone until the promoter has made it due", async () => {
    const id = await enqueue({ name: "a", delayMs: 60_000 });
    expect(await claimIds(10)).toEqual([]);
    const before = await promoteTasks(database.store);
    expect(before.promoted).toBe(0);
    expect(before.nextInMs).toBeGreaterThan(50_000);
    await database.store.sql`update fiscaut_tasks.task set run_at = now() where id = ${id}`;
    expect((await promoteTasks(database.store)).promoted).toBe(1);
    expect(await claimIds(10)).toEqual([id]);
  });

  test("counts the attempt and marks the task running", async () => {
    const id = await enqueue({ name: "a", payload: { name: "SÃO JOÃO" } });
    const [claimed] = await claim(1);
    expect(claimed).toMatchObject({ id, attempt: 1, payload: { name: "SÃO JOÃO" } });
    expect(await findTask(database.store, id)).toMatchObject({ state: "running", workerId, attempt: 1 });
  });

  test("gives no task to two of many claims at once", async () => {
    await enqueueBatch(
      database.store,
      { title: "many", skipped: {}, enqueuedBy: null },
      Array.from({ length: 500 }, () => checkNewTask({ name: "a" })),
    );
    const claims = await Promise.all(Array.from({ length: 8 }, () => claimIds(100)));
    const ids = claims.flat();
    expect(new Set(ids).size).toBe(ids.length);
    const rest = await claimIds(1000);
    expect(new Set([...ids, ...rest]).size).toBe(500);
  });

  test("is a heap-only update", async () => {
    await enqueueBatch(
      database.store,
      { title: "hot", skipped: {}, enqueuedBy: null },
      Array.from({ length: 200 }, () => checkNewTask({ name: "a", payload: { text: "x".repeat(100) } })),
    );
    // In one transaction, where the backend's own counters are exact.
    const hot = await database.store.sql.begin(async (sql) => {
      const read = async () =>
        (
          await sql<{ hot: number; all: number }[]>`
            select pg_stat_get_xact_tuples_hot_updated('fiscaut_tasks.task'::regclass) as hot,
                   pg_stat_get_xact_tuples_updated('fiscaut_tasks.task'::regclass) as all`
        )[0] ?? { hot: 0, all: 0 };
      const before = await read();
      const transaction = { ...database.store, hot: sql as unknown as typeof database.store.sql };
      await claimTasks(transaction, { workerId, names: ["a"], queues: [], limit: 200 });
      const after = await read();
      return { hot: after.hot - before.hot, all: after.all - before.all };
    });
    expect(hot).toEqual({ hot: 200, all: 200 });
  });
});

describe("completeTasks", () => {
  const succeeded = { kind: "succeeded", result: { ok: true } } as const;

  test("moves a finished task to the history under its id, with its result", async () => {
    const id = await enqueue({ name: "a", title: "a title" });
    const [task] = await claim(1);
    if (task === undefined) throw new Error("nothing was claimed");
    const accepted = await completeTasks(database.store, workerId, [
      { id, attempt: task.attempt, transition: settle(task, succeeded) },
    ]);
    expect(accepted).toEqual([{ id, state: "succeeded" }]);
    expect(await findTask(database.store, id)).toMatchObject({
      state: "succeeded",
      result: { ok: true },
      title: "a title",
    });
    expect(await database.store.sql`select 1 from fiscaut_tasks.task`).toBeEmpty();
  });

  test("refuses the outcome of a stale attempt, of another worker and of a task completed already", async () => {
    const id = await enqueue({ name: "a" });
    const [task] = await claim(1);
    if (task === undefined) throw new Error("nothing was claimed");
    const transition = settle(task, succeeded);
    const { store } = database;
    expect(await completeTasks(store, workerId, [{ id, attempt: task.attempt + 1, transition }])).toBeEmpty();
    expect(await completeTasks(store, workerId + 1, [{ id, attempt: task.attempt, transition }])).toBeEmpty();
    expect(await findTask(store, id)).toMatchObject({ state: "running" });
    expect(await completeTasks(store, workerId, [{ id, attempt: task.attempt, transition }])).not.toBeEmpty();
    expect(await completeTasks(store, workerId, [{ id, attempt: task.attempt, transition }])).toBeEmpty();
  });

  test("keeps each error with attempt, time, worker, message and stack, the newest ten of them", async () => {
    const id = await enqueue({ name: "a", maxAttempts: 12 });
    for (let attempt = 1; attempt <= 12; attempt++) {
      const [task] = await claim(1);
      if (task === undefined) throw new Error(`attempt ${attempt} was not claimed`);
      const outcome = {
        kind: "errored",
        error: { message: `error ${attempt}`, stack: "at x" },
        retryAfterMs: 0,
      } as const;
      await completeTasks(database.store, workerId, [{ id, attempt, transition: settle(task, outcome) }]);
    }
    const task = await findTask(database.store, id);
    expect(task).toMatchObject({ state: "failed", attempt: 12 });
    expect(task?.errors.map((error) => error.message)).toEqual(
      Array.from({ length: 10 }, (_, i) => `error ${i + 3}`),
    );
    expect(task?.errors.at(-1)).toMatchObject({ attempt: 12, workerId, stack: "at x" });
    expect(Date.parse(task?.errors.at(-1)?.at ?? "")).toBeWithin(Date.now() - 60_000, Date.now() + 60_000);
  });

  test("a task given back is pending again with its attempt uncounted", async () => {
    const id = await enqueue({ name: "a" });
    const [task] = await claim(1);
    if (task === undefined) throw new Error("nothing was claimed");
    await completeTasks(database.store, workerId, [
      { id, attempt: 1, transition: settle(task, { kind: "given-back" }) },
    ]);
    expect(await findTask(database.store, id)).toMatchObject({ state: "pending", attempt: 0, errors: [] });
    expect(await claimIds(1)).toEqual([id]);
  });
});
