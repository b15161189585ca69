/** Batches as a whole: how far they have come, what is done to all of their tasks, when their rows go. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { findBatch, findBatchDetail, listBatches } from "../../src/store/batch.ts";
import { cancelBatch, deleteBatch, retryBatch } from "../../src/store/control/batch-control.ts";
import { enqueueTask } from "../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { findTask, listTasks } from "../../src/store/find.ts";
import { pruneHistory } from "../../src/store/history/prune.ts";
import { changeQueue } from "../../src/store/queues.ts";
import { checkNewTask, type NewTask } from "../../src/task/doors/new-task.ts";
import type { Outcome } from "../../src/task/outcome.ts";
import { createSteps, type Steps } from "../http/tasks/task-steps.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";

let database: TestDatabase;
let steps: Steps;
beforeAll(async () => {
  database = await createDatabase();
  steps = await createSteps(database.store);
});
afterEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.batch`;
});
afterAll(() => database.drop());

const enqueue = async (tasks: NewTask[], batch: { title?: string; key?: string; enqueuedBy?: number } = {}) =>
  await enqueueBatch(
    database.store,
    { title: "b", skipped: {}, enqueuedBy: null, ...batch },
    tasks.map((task) => checkNewTask(task)),
  );
const some = (count: number, name = "a") =>
  Array.from({ length: count }, (_, n) => ({ name, title: `${name} ${n}` }));
const succeeded: Outcome = { kind: "succeeded", result: null };
const failed = (message: string): Outcome => ({ kind: "failed", error: { message, stack: null } });
const cancelled: Outcome = { kind: "cancelled" };
const other = async () => (await enqueueTask(database.store, checkNewTask({ name: "other" }))).id;

describe("a batch's key", () => {
  test("lets who enqueues it again find it, and adds nothing", async () => {
    const first = await enqueue(some(2), { key: "night" });
    expect(await enqueue(some(3), { key: "night" })).toEqual({ ...first, created: false });
    expect(await enqueue(some(1), { key: "day" })).toMatchObject({ total: 1, created: true });
    expect(await listTasks(database.store, {}, 10)).toHaveLength(3);
    expect(await findBatch(database.store, first.id)).toMatchObject({ key: "night", total: 2 });
  });

  test("is only that of one: of many at once, one enqueues the batch and the others find it", async () => {
    const batches = await Promise.all(Array.from({ length: 4 }, () => enqueue(some(500), { key: "k" })));
    expect(batches.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(batches.map(({ id }) => id)).size).toBe(1);
    expect(batches.map(({ total }) => total)).toEqual([500, 500, 500, 500]);
  });

  test("tells apart the batches of a task, which has one without key", async () => {
    const batches = [
      await enqueue(some(1), { enqueuedBy: 7 }),
      await enqueue(some(1), { enqueuedBy: 7, key: "a" }),
      await enqueue(some(1), { enqueuedBy: 7, key: "b" }),
      await enqueue(some(1), { enqueuedBy: 8, key: "a" }),
    ];
    expect(new Set(batches.map(({ id }) => id)).size).toBe(4);
    expect(await enqueue(some(1), { enqueuedBy: 7, key: "a" })).toEqual({
      ...batches[1],
      created: false,
    } as never);
    expect(await enqueue(some(1), { enqueuedBy: 7 })).toMatchObject({ id: batches[0]?.id, created: false });
  });
});

describe("how far a batch has come", () => {
  test("is told by totals and progress, and when it was complete by its last task", async () => {
    const { id } = await enqueue(some(4), { title: "Suppliers" });
    for (const outcome of [succeeded, failed("422 bad record"), cancelled]) await steps.runOnce("a", outcome);
    expect(await findBatchDetail(database.store, id)).toMatchObject({
      states: { pending: 1, running: 0, succeeded: 1, failed: 1, cancelled: 1 },
      progress: 0.75,
      complete: false,
      completedAt: null,
    });
    const last = await steps.claim("a");
    expect(await findBatch(database.store, id)).toMatchObject({ states: { running: 1 }, progress: 0.75 });
    await steps.complete(last, succeeded);
    expect(await findBatchDetail(database.store, id)).toMatchObject({
      progress: 1,
      complete: true,
      completedAt: (await findTask(database.store, last.id))?.finishedAt ?? null,
    });
  });

  test("has a sample of errors: of failed tasks first, then of those that are to be tried again", async () => {
    const { id } = await enqueue([...some(8), ...some(1, "fine")]);
    await steps.runOnce("fine", succeeded);
    await steps.runOnce("a", { kind: "errored", error: { message: "timeout", stack: null } });
    for (let n = 1; n <= 3; n++) await steps.runOnce("a", failed(`422 number ${n}`));
    const { errors = [], retrying } = (await findBatchDetail(database.store, id)) ?? {};
    expect(retrying).toBe(1);
    expect(errors.map(({ title, state, message }) => [title, state, message])).toEqual([
      ["a 3", "failed", "422 number 3"],
      ["a 2", "failed", "422 number 2"],
      ["a 1", "failed", "422 number 1"],
      ["a 0", "pending", "timeout"],
    ]);
    for (let n = 4; n <= 7; n++) await steps.runOnce("a", failed(`422 number ${n}`));
    expect((await findBatchDetail(database.store, id))?.errors.map(({ message }) => message)).toEqual(
      [7, 6, 5, 4, 3].map((n) => `422 number ${n}`),
    );
  });

  test("has a pace: what finished in the last minute, and how long the rest takes", async () => {
    const { id } = await enqueue(some(4));
    const pace = async () => (await findBatch(database.store, id))?.pace;
    expect(await pace()).toEqual({
      finishedLastMinute: 0,
      perSecond: null,
      etaSeconds: null,
      stalled: null,
    });
    await steps.runOnce("a", failed("422"));
    await steps.runOnce("a", succeeded);
    await steps.runOnce("a", succeeded);
    await database.store.sql`
      update fiscaut_tasks.task_history set finished_at = now() - interval '20 s' where state = 'succeeded'`;
    expect(await pace()).toMatchObject({ finishedLastMinute: 3, etaSeconds: 11 });
    await database.store.sql`update fiscaut_tasks.task_history set finished_at = now() - interval '61 s'`;
    expect(await pace()).toMatchObject({ finishedLastMinute: 0, etaSeconds: null });
    await steps.runOnce("a", succeeded);
    expect(await pace()).toMatchObject({ finishedLastMinute: 1, etaSeconds: 0 });
  });

  test("names the queue that stands still, and why, while tasks of it wait there", async () => {
    const { sql } = database.store;
    const { id } = await enqueue([...some(1), { name: "b", queue: "api" }, { name: "c", queue: "night" }]);
    const stalled = async () => (await findBatch(database.store, id))?.pace.stalled;
    expect(await stalled()).toBeNull();
    await changeQueue(database.store, "night", { paused: true });
    await sql`insert into fiscaut_tasks.queue_hold (queue, reason) values ('api', 'GET /up: no answer')`;
    await sql`update fiscaut_tasks.queue set held = true where name = 'api'`;
    expect(await stalled()).toBe("queue api is held: GET /up: no answer; queue night is paused");
    expect((await listBatches(database.store, {}, 1))[0]?.pace.stalled).toContain("queue api is held");
    await sql`delete from fiscaut_tasks.task where queue <> 'night'`;
    expect(await stalled()).toBe("queue night is paused");
    await changeQueue(database.store, "night", { paused: false });
    expect(await stalled()).toBeNull();
  });

  test("is complete at once, of a batch without tasks", async () => {
    const { id } = await enqueue([]);
    const batch = await findBatchDetail(database.store, id);
    expect(batch).toMatchObject({ total: 0, progress: 1, complete: true });
    expect(batch?.completedAt).toEqual(batch?.createdAt as Date);
  });

  test("is listed, the newest first, page by page", async () => {
    const ids = [];
    for (const count of [1, 2, 3]) ids.push((await enqueue(some(count), { title: `b${count}` })).id);
    await other();
    await steps.runOnce("a", succeeded);
    const list = await listBatches(database.store, {}, 2);
    expect(list).toMatchObject([
      { id: ids[2], title: "b3", total: 3, states: { pending: 3 }, progress: 0 },
      { id: ids[1], title: "b2", total: 2, states: { pending: 2 }, progress: 0 },
    ]);
    expect(await listBatches(database.store, { beforeId: ids[1] }, 2)).toMatchObject([
      { id: ids[0], states: { pending: 0, succeeded: 1 }, complete: true },
    ]);
  });
});

describe("a batch as a whole", () => {
  test("is cancelled: pending tasks at once, running ones by their worker", async () => {
    const { id } = await enqueue(some(3));
    const kept = await other();
    const running = await steps.claim("a");
    expect(await cancelBatch(database.store, id)).toEqual({
      total: 3,
      states: { pending: 2, running: 1 },
      complete: true,
    });
    await steps.complete(running, cancelled);
    expect(await findBatch(database.store, id)).toMatchObject({ states: { cancelled: 3 }, complete: true });
    expect((await findTask(database.store, kept))?.state).toBe("pending");
  });

  test("is retried: its failed tasks alone", async () => {
    const { id } = await enqueue(some(3));
    for (const outcome of [succeeded, failed("422"), cancelled]) await steps.runOnce("a", outcome);
    await enqueue(some(1));
    await steps.runOnce("a", failed("422"));
    expect(await retryBatch(database.store, id)).toEqual({ total: 1, states: { failed: 1 }, complete: true });
    expect(await findBatch(database.store, id)).toMatchObject({
      states: { pending: 1, succeeded: 1, failed: 0, cancelled: 1 },
      complete: false,
    });
    expect(await listTasks(database.store, { state: "failed" }, 10)).toHaveLength(1);
  });

  test("is deleted with its tasks, and its key is free again", async () => {
    const { id } = await enqueue(some(2), { key: "k" });
    const kept = await other();
    await steps.runOnce("a", succeeded);
    expect(await deleteBatch(database.store, id)).toEqual({
      total: 2,
      states: { pending: 1, succeeded: 1 },
      complete: true,
    });
    expect(await findBatch(database.store, id)).toBeUndefined();
    expect((await listTasks(database.store, {}, 10)).map((task) => task.id)).toEqual([kept]);
    expect(await enqueue(some(1), { key: "k" })).toMatchObject({ created: true });
  });

  test("is not deleted while tasks of it run, nor is any of them", async () => {
    const { id } = await enqueue(some(2));
    const running = await steps.claim("a");
    await expect(deleteBatch(database.store, id)).rejects.toMatchObject({
      kind: "conflict",
      message: `a task of batch ${id} is running`,
    });
    expect(await listTasks(database.store, { batchId: id }, 10)).toHaveLength(2);
    await steps.complete(running, succeeded);
    expect(await deleteBatch(database.store, id)).toMatchObject({ total: 2, complete: true });
  });

  test("stays when the time for its delete was up, which goes on when called again", async () => {
    const { id } = await enqueue(some(2_500));
    expect(await deleteBatch(database.store, id, { limitMs: -1 })).toMatchObject({
      total: 0,
      complete: false,
    });
    expect(await findBatch(database.store, id)).toBeDefined();
    expect(await deleteBatch(database.store, id)).toMatchObject({ total: 2_500, complete: true });
  });

  test("that there is not is told by undefined", async () => {
    for (const verb of [cancelBatch, retryBatch, deleteBatch])
      expect(await verb(database.store, 99)).toBeUndefined();
    expect(await findBatchDetail(database.store, 99)).toBeUndefined();
  });
});

describe("a prune", () => {
  const dayMs = 86_400_000;
  const retention = { succeeded: 30 * dayMs, failed: 90 * dayMs, cancelled: 30 * dayMs };
  const age = (ids: number[], days: number) => database.store.sql`
    update fiscaut_tasks.batch set created_at = now() - ${days}::int * interval '1 day' where id = any(${ids}::bigint[])`;
  const kept = async () => (await listBatches(database.store, {}, 100)).map(({ id }) => id).toReversed();

  test("takes the batches that are older than any task is kept and have none left", async () => {
    const live = await enqueue(some(1, "live"));
    const finished = await enqueue(some(1));
    await steps.runOnce("a", succeeded);
    const empty = await enqueue([]);
    const young = await enqueue([]);
    await age([live.id, finished.id, empty.id], 91);
    await age([young.id], 89);
    await pruneHistory(database.store, retention);
    expect(await kept()).toEqual([live.id, finished.id, young.id]);
    await database.store.sql`truncate fiscaut_tasks.task_history`;
    await pruneHistory(database.store, retention);
    expect(await kept()).toEqual([live.id, young.id]);
  });

  test("takes them a thousand at a time, past those that stay", async () => {
    await database.store.sql`
      insert into fiscaut_tasks.batch (title, total, skipped)
      select 'b', 0, '{}' from generate_series(1, 2500)`;
    const { id } = await enqueue(some(1));
    await database.store.sql`update fiscaut_tasks.batch set created_at = now() - interval '1 year'`;
    await pruneHistory(database.store, retention);
    expect(await kept()).toEqual([id]);
  });

  test("leaves all of them where a state is kept for ever", async () => {
    const { id } = await enqueue([]);
    await age([id], 5_000);
    await pruneHistory(database.store, { ...retention, failed: Number.POSITIVE_INFINITY });
    expect(await kept()).toEqual([id]);
  });
});
