/** The bulk verbs: whom they take, in chunks, and beside workers that claim and complete. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { cancelTasks, countCancellable } from "../../../src/store/control/cancel.ts";
import { changeTask } from "../../../src/store/control/change.ts";
import { deleteTask, deleteTasks } from "../../../src/store/control/delete.ts";
import { countRetriable, retryTasks } from "../../../src/store/control/retry.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { findTask } from "../../../src/store/find.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";
import { settle } from "../../../src/task/settle.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { until } from "../../until.ts";

let database: TestDatabase;
let workerId: number;
beforeAll(async () => {
  database = await createDatabase();
  workerId = await registerWorker(database.store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
});
afterAll(() => database.drop());

async function fill(name: string, count: number, delayMs = 0) {
  const tasks = Array.from({ length: count }, () => checkNewTask({ name, delayMs }));
  return (await enqueueBatch(database.store, { title: name, skipped: {}, enqueuedBy: null }, tasks)).id;
}
const claim = (name: string, limit: number) =>
  claimTasks(database.store, { workerId, names: [name], queues: [], limit });
async function finish(name: string, kind: "succeeded" | "failed", limit = 1) {
  const tasks = await claim(name, limit);
  const error = { message: "422", stack: null };
  const completions = tasks.map((task) => ({
    id: task.id,
    attempt: task.attempt,
    transition: settle(task, kind === "failed" ? { kind, error } : { kind, result: null }),
  }));
  return await completeTasks(database.store, workerId, completions);
}

test("a bulk cancel takes more than a chunk, and only what matches", async () => {
  const batchId = await fill("chunked", 2_500);
  await fill("other", 3);
  expect(await countCancellable(database.store, { batchId })).toMatchObject({ total: 2_500 });
  expect(await cancelTasks(database.store, { batchId })).toEqual({
    total: 2_500,
    states: { pending: 2_500 },
    complete: true,
  });
  expect(await countCancellable(database.store, { name: "other" })).toMatchObject({ total: 3 });
});

test("a bulk retry takes the failed ones alone, unless told else", async () => {
  await fill("again", 5);
  await finish("again", "failed", 2);
  await cancelTasks(database.store, { name: "again" });
  expect(await countRetriable(database.store, { name: "again" })).toMatchObject({ states: { failed: 2 } });
  expect(await retryTasks(database.store, { name: "again" })).toMatchObject({ states: { failed: 2 } });
  expect(await retryTasks(database.store, { name: "again", state: "cancelled" })).toMatchObject({ total: 3 });
  expect(await claim("again", 9)).toHaveLength(5);
});

test("a bulk retry of pending tasks makes due what waits for its time", async () => {
  await fill("early", 2, 3_600_000);
  expect(await retryTasks(database.store, { name: "early", state: "pending" })).toMatchObject({ total: 2 });
  expect(await claim("early", 9)).toHaveLength(2);
});

test("a bulk delete leaves running tasks, and by age takes none that is younger", async () => {
  await fill("gone", 4);
  await finish("gone", "succeeded", 2);
  await claim("gone", 1);
  expect(await deleteTasks(database.store, { name: "gone", olderThanMs: 60_000 })).toMatchObject({
    total: 0,
  });
  expect(await deleteTasks(database.store, { name: "gone" })).toMatchObject({
    states: { pending: 1, succeeded: 2 },
  });
  expect(await countCancellable(database.store, { name: "gone" })).toMatchObject({ states: { running: 1 } });
});

test("a bulk cancel whose time is up says so, and goes on when called again", async () => {
  await fill("slow", 1_500);
  expect(await cancelTasks(database.store, { name: "slow" }, { limitMs: -1 })).toMatchObject({
    total: 0,
    complete: false,
  });
  expect(await cancelTasks(database.store, { name: "slow" })).toMatchObject({ total: 1_500, complete: true });
});

test("a bulk cancel beside claims and completions neither loses a task nor takes it twice", async () => {
  const batchId = await fill("raced", 3_000);
  let cancelling = true;
  const work = async () => {
    let succeeded = 0;
    for (;;) {
      const completed = await finish("raced", "succeeded", 20);
      succeeded += completed.length;
      if (completed.length === 0 && !cancelling) return succeeded;
    }
  };
  const workers = [work(), work(), work()];
  const { states } = await cancelTasks(database.store, { batchId });
  cancelling = false;
  const succeeded = (await Promise.all(workers)).reduce((sum, count) => sum + count, 0);
  const rows = await database.store.sql<{ state: string; count: number }[]>`
    select state, count(*) as count from fiscaut_tasks.task_history where batch_id = ${batchId} group by 1`;
  const stored = Object.fromEntries(rows.map((row) => [row.state, row.count]));
  expect(stored["cancelled"]).toBe(states.pending ?? 0);
  expect(stored["succeeded"] ?? 0).toBe(succeeded);
  expect((stored["cancelled"] ?? 0) + (stored["succeeded"] ?? 0)).toBe(3_000);
  expect(await database.store.sql`select 1 from fiscaut_tasks.task where batch_id = ${batchId}`).toBeEmpty();
});

test("a row that another transaction holds is waited for, not left out", async () => {
  const batchId = await fill("held", 3);
  const locked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holder = database.store.sql.begin(async (sql) => {
    await sql`select 1 from fiscaut_tasks.task where batch_id = ${batchId} limit 1 for update`;
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const cancelled = cancelTasks(database.store, { batchId });
  const waiting = () => database.store.sql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await until(async () => (await waiting()).length > 0);
  expect(await countCancellable(database.store, { batchId })).toMatchObject({ total: 1 });
  release.resolve();
  expect(await cancelled).toMatchObject({ states: { pending: 3 } });
  await holder;
});

test("a pending task is changed, a running one is not", async () => {
  const { id } = await enqueueTask(
    database.store,
    checkNewTask({ name: "changed", payload: 1, delayMs: 9_000 }),
  );
  const runAt = new Date("2030-01-01T00:00:00Z");
  expect(await changeTask(database.store, id, { runAt })).toEqual({ kind: "done", state: "pending" });
  expect(await findTask(database.store, id)).toMatchObject({ runAt, payload: 1, priority: 0 });
  await changeTask(database.store, id, { delayMs: 0, priority: 9, payload: null });
  expect(await claim("changed", 1)).toMatchObject([{ id, priority: 9, payload: null }]);
  expect(await changeTask(database.store, id, { priority: 1 })).toEqual({
    kind: "unchanged",
    state: "running",
  });
  expect(await deleteTask(database.store, id)).toEqual({ kind: "unchanged", state: "running" });
  expect(await changeTask(database.store, 999_999, { priority: 1 })).toEqual({ kind: "unknown" });
});
