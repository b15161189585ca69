/** Queues of which succeeded tasks are not kept: what is gone, and what stays because others count on it. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { retryTask } from "../../../src/store/control/retry.ts";
import { enqueueTask, insertWithin } from "../../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { findTask } from "../../../src/store/find.ts";
import { changeQueue } from "../../../src/store/queues.ts";
import type { Sql } from "../../../src/store/sql.ts";
import { findReady, settleWaits } from "../../../src/store/waits/release.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask, checkStorableTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
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
beforeEach(async () => {
  await database.store.sql`
    truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.task_after, fiscaut_tasks.queue`;
  await changeQueue(database.store, "q", { history: "failures" });
});

const succeeded: Outcome = { kind: "succeeded", result: 1 };
const enqueue = async (task: Partial<NewTask> = {}) =>
  (await enqueueTask(database.store, checkNewTask({ name: "a", queue: "q", ...task }))).id;
const stateOf = async (id: number) => (await findTask(database.store, id))?.state ?? "gone";

/** Runs one task, which is the only one that is due. */
async function run(outcome: Outcome = succeeded) {
  const [task] = await claimTasks(database.store, { workerId, names: ["a"], queues: [], limit: 1 });
  if (task === undefined) throw new Error("nothing was due");
  return await completeTasks(database.store, workerId, [
    { id: task.id, attempt: task.attempt, transition: settle(task, outcome) },
  ]);
}

test("a succeeded task is gone, its completion taken all the same, and once", async () => {
  const id = await enqueue();
  expect(await run()).toEqual([{ id, state: "succeeded" }]);
  expect(await stateOf(id)).toBe("gone");
  const again = {
    id,
    attempt: 1,
    transition: settle({ attempt: 1, maxAttempts: 25, backoff: null }, succeeded),
  };
  expect(await completeTasks(database.store, workerId, [again])).toEqual([]);
});

test("failed and cancelled ones stay, as do all of the other queues", async () => {
  const failed = await enqueue();
  await run({ kind: "failed", error: { message: "no", stack: null } });
  const cancelled = await enqueue();
  await cancelTask(database.store, cancelled);
  const other = await enqueue({ queue: "other" });
  await run();
  expect(await Promise.all([failed, cancelled, other].map(stateOf))).toEqual([
    "failed",
    "cancelled",
    "succeeded",
  ]);
});

test("what is not kept is told by the queue at the end of the task", async () => {
  const kept = await enqueue();
  await changeQueue(database.store, "q", { history: "all" });
  await run();
  const gone = await enqueue();
  await changeQueue(database.store, "q", { history: "failures", paused: false });
  await run();
  expect([await stateOf(kept), await stateOf(gone)]).toEqual(["succeeded", "gone"]);
});

test("a batch keeps its tasks, so that its totals add up", async () => {
  const batch = { title: "all", skipped: {}, enqueuedBy: null };
  await enqueueBatch(database.store, batch, [checkNewTask({ name: "a", queue: "q" })]);
  const [{ id } = { id: 0 }] = await run();
  expect(await stateOf(id)).toBe("succeeded");
});

test("a repeating task goes on, and a key is free again", async () => {
  await enqueue({ repeatMs: 60_000, key: "k" });
  await run();
  const [next] = await database.store.sql<
    { id: number; key: string }[]
  >`select id, key from fiscaut_tasks.task`;
  expect(next?.key).toBe("k");
  await cancelTask(database.store, next?.id ?? 0);
  expect(await enqueue({ key: "k" })).toBeGreaterThan(next?.id ?? 0);
});

test("the next of a serial key follows one that leaves no row", async () => {
  await enqueue({ serialKey: "s" });
  const second = await enqueue({ serialKey: "s" });
  await run();
  expect((await run())[0]?.id).toBe(second);
});

test("a task that another one waits for keeps its row, and is known to have succeeded without any hint", async () => {
  const first = await enqueue();
  const second = await enqueue({ after: { tasks: [first] } });
  await run();
  expect(await stateOf(first)).toBe("succeeded");
  const { ready } = await findReady(database.store);
  expect(ready).toEqual([second]);
  expect(await settleWaits(database.store, ready)).toEqual([]);
  await run();
  expect(await stateOf(second)).toBe("gone");
});

test("so does one for which another comes to wait while it ends", async () => {
  const { store } = database;
  const first = await enqueue();
  const [task] = await claimTasks(store, { workerId, names: ["a"], queues: [], limit: 1 });
  if (task === undefined) throw new Error("nothing was due");
  const completion = { id: first, attempt: 1, transition: settle(task, succeeded) };
  // At the enqueue's commit the row is locked until the test lets go; the completion has begun before, and sees no wait.
  const locked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const enqueued = store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    const [row] = await insertWithin(sql, [
      checkStorableTask({ name: "a", queue: "q", after: { tasks: [first] } }),
    ]);
    await sql`set constraints all immediate`;
    locked.resolve();
    await goOn.promise;
    return row?.id ?? 0;
  });
  await locked.promise;
  const completed = completeTasks(store, workerId, [completion]);
  await untilOneWaits();
  goOn.resolve();
  const second = await enqueued;
  expect(await completed).toEqual([{ id: first, state: "succeeded" }]);
  expect(await stateOf(first)).toBe("succeeded");
  expect(await settleWaits(store, (await findReady(store)).ready)).toEqual([]);
  expect((await run())[0]?.id).toBe(second);
});

test("a task that has succeeded and gone can't be waited for, not even by who has just seen it live", async () => {
  const { store } = database;
  const first = await enqueue();
  const waits = () => enqueue({ after: { tasks: [first] } });
  const late = store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    await insertWithin(sql, [checkStorableTask({ name: "a", queue: "q", after: { tasks: [first] } })]);
    await run();
  });
  expect(await late.catch(String)).toContain(`there is no task ${first} to wait for`);
  expect(await waits().catch(String)).toContain(`there is no task ${first} to wait for`);
  expect(await store.sql`select 1 from fiscaut_tasks.task`).toBeEmpty();
});

test("one that an operator has brought back stays when it succeeds", async () => {
  const id = await enqueue();
  await run({ kind: "failed", error: { message: "no", stack: null } });
  await retryTask(database.store, id);
  await run();
  expect(await stateOf(id)).toBe("succeeded");
});

/** Until a statement waits for a lock that another transaction has. */
async function untilOneWaits(): Promise<void> {
  await until(async () => {
    const [row] = await database.store.sql<{ waits: boolean }[]>`
      select exists (select 1 from pg_locks where not granted) as waits`;
    return row?.waits;
  });
}
