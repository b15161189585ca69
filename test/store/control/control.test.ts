import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { findBatch } from "../../../src/store/batch.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { cancelTask, cancelTasks } from "../../../src/store/control/cancel.ts";
import { retryTask } from "../../../src/store/control/retry.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { findTask, listTasks } from "../../../src/store/find.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import type { DoorEvent } from "../../../src/task/events.ts";
import { settle } from "../../../src/task/settle.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

let database: TestDatabase;
let workerId: number;
beforeAll(async () => {
  database = await createDatabase();
  workerId = await registerWorker(database.store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
});
afterAll(() => database.drop());

const enqueue = async (task: NewTask) => (await enqueueTask(database.store, checkNewTask(task))).id;
async function fail(name: string) {
  const [task] = await claimTasks(database.store, { workerId, names: [name], queues: [], limit: 1 });
  if (task === undefined) throw new Error("nothing was claimed");
  const transition = settle(task, { kind: "failed", error: { message: "422 bad record", stack: null } });
  await completeTasks(database.store, workerId, [{ id: task.id, attempt: task.attempt, transition }]);
  return task;
}

describe("what a store tells of pending tasks", () => {
  const told: DoorEvent[] = [];
  const listened = () => {
    told.length = 0;
    return { ...database.store, onEvent: (event: DoorEvent) => told.push(event) };
  };
  const reference = (id: number) => ({ id, name: "told", queue: "default", attempt: 0 });
  const cancelled = (id: number) => ({ kind: "pending-cancelled" as const, task: reference(id) });

  test("is their cancel, one by one or many at once, and none of a running one", async () => {
    const ids = [
      await enqueue({ name: "told" }),
      await enqueue({ name: "told" }),
      await enqueue({ name: "told" }),
    ];
    const [one = 0, two = 0, three = 0] = ids;
    await cancelTask(listened(), one);
    await cancelTask(database.store, one);
    expect(told).toEqual([cancelled(one)]);
    await claimTasks(database.store, { workerId, names: ["told"], queues: [], limit: 1 });
    await cancelTasks(listened(), { name: "told" });
    expect(told).toEqual([cancelled(three)]);
    expect(await findTask(database.store, two)).toMatchObject({ state: "running" });
  });

  test("is the cancel of one that an equal one replaces", async () => {
    const task = { name: "told", key: "replaced", onConflict: "replace" } as const;
    const earlier = await enqueue(task);
    const later = await enqueueTask(listened(), checkNewTask(task));
    expect(told).toEqual([cancelled(earlier), { kind: "created", task: reference(later.id) }]);
  });

  test("is the failure of one that was enqueued to wait for what did not succeed", async () => {
    const earlier = await enqueue({ name: "told" });
    await cancelTask(database.store, earlier);
    const later = await enqueueTask(listened(), checkNewTask({ name: "told", after: [earlier] }));
    const message = `task ${earlier}, which it waited for, was cancelled`;
    expect(told).toEqual([
      { kind: "created", task: reference(later.id) },
      { kind: "wait-failed", task: reference(later.id), message },
    ]);
  });
});

describe("retryTask", () => {
  test("revives a failed task under its id, with its errors and one more attempt", async () => {
    const id = await enqueue({ name: "revived", maxAttempts: 1, payload: { kept: true } });
    await fail("revived");
    expect(await retryTask(database.store, id)).toEqual({ kind: "done", state: "pending" });
    expect(await findTask(database.store, id)).toMatchObject({
      state: "pending",
      attempt: 1,
      maxAttempts: 2,
      payload: { kept: true },
      errors: [{ message: "422 bad record" }],
    });
    expect(await fail("revived")).toMatchObject({ id, attempt: 2 });
  });

  test("makes a waiting task due now", async () => {
    const id = await enqueue({ name: "waiting", delayMs: 3_600_000 });
    expect(await retryTask(database.store, id)).toEqual({ kind: "done", state: "pending" });
    expect(await fail("waiting")).toMatchObject({ id });
  });

  test("changes neither a running nor a succeeded task, and says so of an unknown one", async () => {
    const id = await enqueue({ name: "runs" });
    const [task] = await claimTasks(database.store, { workerId, names: ["runs"], queues: [], limit: 1 });
    if (task === undefined) throw new Error("nothing was claimed");
    expect(await retryTask(database.store, id)).toEqual({ kind: "unchanged", state: "running" });
    const transition = settle(task, { kind: "succeeded", result: null });
    await completeTasks(database.store, workerId, [{ id, attempt: 1, transition }]);
    expect(await retryTask(database.store, id)).toEqual({ kind: "unchanged", state: "succeeded" });
    expect(await retryTask(database.store, 999_999)).toEqual({ kind: "unknown" });
  });
});

describe("cancelTask", () => {
  test("cancels a pending task at once and leaves a finished one as it is", async () => {
    const id = await enqueue({ name: "c", delayMs: 1_000 });
    expect(await cancelTask(database.store, id)).toEqual({ kind: "done", state: "cancelled" });
    expect(await findTask(database.store, id)).toMatchObject({ state: "cancelled" });
    expect(await cancelTask(database.store, id)).toEqual({ kind: "unchanged", state: "cancelled" });
  });
});

describe("a cancel that comes too late to abort", () => {
  test("cancels the task instead of running it again", async () => {
    const id = await enqueue({ name: "late" });
    const [task] = await claimTasks(database.store, { workerId, names: ["late"], queues: [], limit: 1 });
    if (task === undefined) throw new Error("nothing was claimed");
    expect(await cancelTask(database.store, id)).toEqual({ kind: "requested" });
    const transition = settle(task, { kind: "errored", error: { message: "reset", stack: null } });
    expect(await completeTasks(database.store, workerId, [{ id, attempt: 1, transition }])).toEqual([
      { id, state: "cancelled" },
    ]);
    expect(await findTask(database.store, id)).toMatchObject({
      state: "cancelled",
      errors: [{ message: "reset" }],
    });
  });
});

describe("enqueueBatch", () => {
  const tasks = (count: number) => Array.from({ length: count }, () => checkNewTask({ name: "in-batch" }));

  test("a repeated attempt of the task that enqueues it adds no second batch", async () => {
    const batch = { title: "suppliers of 1", skipped: { no_name: 2 }, enqueuedBy: 4711 };
    const first = await enqueueBatch(database.store, batch, tasks(1_500));
    expect(first).toMatchObject({ total: 1_500, created: true });
    expect(await enqueueBatch(database.store, batch, tasks(3))).toEqual({ ...first, created: false });
    expect(await findBatch(database.store, first.id)).toMatchObject({
      total: 1_500,
      skipped: { no_name: 2 },
      states: { pending: 1_500, succeeded: 0 },
      complete: false,
    });
  });

  test("adds nothing at all when reading its tasks fails midway", async () => {
    const count = async () =>
      (await database.store.sql`select 1 from fiscaut_tasks.task where name = 'halfway'`).length;
    async function* broken() {
      for (let i = 0; i < 1_200; i++) yield checkNewTask({ name: "halfway" });
      throw new Error("the source broke");
    }
    const batch = { title: "broken", skipped: {}, enqueuedBy: null };
    await expect(enqueueBatch(database.store, batch, broken())).rejects.toThrow("the source broke");
    expect(await count()).toBe(0);
  });

  test("counts its tasks by state as they finish", async () => {
    const batch = await enqueueBatch(database.store, { title: "b", skipped: {}, enqueuedBy: null }, [
      checkNewTask({ name: "b-fails" }),
      checkNewTask({ name: "b-waits" }),
    ]);
    await fail("b-fails");
    expect((await findBatch(database.store, batch.id))?.states).toMatchObject({ failed: 1, pending: 1 });
    const [waiting] = await listTasks(database.store, { batchId: batch.id, state: "pending" }, 10);
    await cancelTask(database.store, waiting?.id ?? 0);
    expect(await findBatch(database.store, batch.id)).toMatchObject({
      states: { failed: 1, cancelled: 1 },
      complete: true,
    });
  });
});

describe("listTasks", () => {
  test("lists live and finished tasks as one, the newest first, page by page", async () => {
    const ids: number[] = [];
    for (let i = 0; i < 5; i++) ids.unshift(await enqueue({ name: "listed", queue: "listing" }));
    await fail("listed");
    const first = await listTasks(database.store, { queue: "listing" }, 3);
    const second = await listTasks(database.store, { queue: "listing", beforeId: first.at(-1)?.id }, 3);
    expect([...first, ...second].map((task) => task.id)).toEqual(ids);
    expect(second.at(-1)).toMatchObject({ state: "failed", name: "listed" });
    expect(await listTasks(database.store, { name: "listed", state: "failed" }, 9)).toHaveLength(1);
    expect(await listTasks(database.store, { name: "listed", state: "pending" }, 9)).toHaveLength(4);
  });
});
