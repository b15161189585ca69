// Handlers that look up and control tasks, queues and schedules. What the verbs do is the store's, and tested there.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { createLocalRunner } from "../../../src/engine/handlers/runner.ts";
import type { HandlerContext } from "../../../src/handlers/context.ts";
import { defineHandler, HandlerRegistry } from "../../../src/handlers/handler.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { findTask } from "../../../src/store/find.ts";
import { syncFileSchedules } from "../../../src/store/schedule/schedules.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import { checkNewSchedule } from "../../../src/task/doors/schedule.ts";
import { keepForever } from "../../keep-forever.ts";
import { addOldWeek, oldWeek } from "../../old-week.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { until } from "../../until.ts";
import { type StartedWorker, startWorker } from "../start-worker.ts";

let database: TestDatabase;
let started: StartedWorker | undefined;
beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await started?.worker.stop("the test ends", 0);
  await database.store.sql`
    truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.batch, fiscaut_tasks.schedule`;
});
afterAll(() => database.drop());

const enqueue = async (task: NewTask) => (await enqueueTask(database.store, checkNewTask(task))).id;
const find = (id: number) => findTask(database.store, id);
const retention = { ...keepForever, cancelled: 86_400_000 };
/** A name that no worker has a handler for, so that the tasks stay pending. */
const waiting = "waiting";

/** Runs `run` as a handler, in one attempt of a task. @returns what it returned, or the error that it threw. */
async function inHandler<Result>(run: (context: HandlerContext) => Promise<Result>): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const handlers = new HandlerRegistry([
    defineHandler({
      name: "controller",
      payload: z.unknown(),
      run: (_payload, context) => run(context).then(resolve, reject),
    }),
    defineHandler({ name: "numbers", payload: z.number(), run: async (payload) => payload }),
    defineHandler({
      name: "patient",
      payload: z.unknown(),
      run: (_payload, { signal }) =>
        new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason))),
    }),
  ]);
  const runner = createLocalRunner(handlers, { store: database.store, retention });
  started = await startWorker(database, {}, { runner });
  await enqueue({ name: "controller", maxAttempts: 1 });
  return await promise;
}

test("a handler finds a task, live or finished, and hears that there is none", async () => {
  const live = await enqueue({ name: waiting, payload: { n: 1 } });
  const found = await inHandler(async ({ task, tasks: { find, cancel } }) => {
    const pending = await find(live);
    await cancel(live);
    return [pending, await find(live), await find(task.id), await find(2 ** 40)];
  });
  expect(found).toMatchObject([
    { id: live, state: "pending", payload: { n: 1 } },
    { state: "cancelled" },
    { state: "running", name: "controller" },
    undefined,
  ] as object[]);
});

test("a handler reads what a task has logged, from any line on", async () => {
  const logged = await inHandler(async ({ task, log, tasks }) => {
    log("one");
    log("two");
    await until(async () => (await tasks.log(task.id))?.lines.length === 2);
    return [await tasks.log(task.id, 1), await tasks.log(2 ** 40)];
  });
  expect(logged).toMatchObject([
    { state: "running", lines: [{ n: 2, attempt: 1, message: "two" }] },
    undefined,
  ] as object[]);
});

test("a handler cancels a pending task, and has a running one aborted", async () => {
  const pending = await enqueue({ name: waiting });
  const running = await enqueue({ name: "patient" });
  const results = await inHandler(async ({ tasks: { find, cancel } }) => {
    await until(async () => (await find(running))?.state === "running");
    return [await cancel(pending), await cancel(running), await cancel(pending), await cancel(2 ** 40)];
  });
  expect(results).toEqual([
    { kind: "done", state: "cancelled" },
    { kind: "requested" },
    { kind: "unchanged", state: "cancelled" },
    { kind: "unknown" },
  ]);
  await started?.event("cancelled", running);
});

test("a handler that cancels its own task is aborted", async () => {
  const { id, result } = await inHandler(async ({ task, signal, tasks: { cancel } }) => {
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    const result = await cancel(task.id);
    await aborted;
    return { id: task.id, result };
  });
  expect(result).toEqual({ kind: "requested" });
  await started?.event("succeeded", id); // it has gone on to its end all the same
});

test("a handler retries a task, changes a pending one and deletes one", async () => {
  const cancelled = await enqueue({ name: waiting });
  const later = await enqueue({ name: waiting, delayMs: 3_600_000 });
  const gone = await enqueue({ name: waiting });
  const results = await inHandler(async ({ task, tasks: { cancel, retry, change, delete: remove } }) => {
    await cancel(cancelled);
    return [
      await retry(cancelled),
      await change(later, { priority: 7, payload: [1], runAt: "2030-01-01T00:00:00Z" }),
      await remove(gone),
      await remove(task.id),
    ];
  });
  expect(results).toEqual([
    { kind: "done", state: "pending" },
    { kind: "done", state: "pending" },
    { kind: "done", state: "deleted" },
    { kind: "unchanged", state: "running" },
  ]);
  expect(await find(cancelled)).toMatchObject({ state: "pending" });
  expect(await find(later)).toMatchObject({
    priority: 7,
    payload: [1],
    runAt: new Date("2030-01-01T00:00:00Z"),
  });
  expect(await find(gone)).toBeUndefined();
});

test("a handler's change is held to what a new task may be, and to its handler's payload", async () => {
  const id = await enqueue({ name: "numbers", payload: 1, delayMs: 3_600_000 });
  const refusals = await inHandler(({ tasks: { change } }) =>
    Promise.all([
      change(id, {}).catch(String),
      change(id, { priority: 99_999 }).catch(String),
      change(id, { payload: "one" }).catch(String),
      change(id, { payload: 2 }),
    ]),
  );
  expect(refusals).toMatchObject([
    expect.stringContaining("nothing to change is given"),
    expect.stringContaining("priority"),
    expect.stringContaining("the payload is not numbers's"),
    { kind: "done" },
  ]);
  expect(await find(id)).toMatchObject({ payload: 2, priority: 0 });
});

test("a handler lists tasks, the newest first, a page at a time", async () => {
  const first = await enqueue({ name: waiting, queue: "slow" });
  const second = await enqueue({ name: waiting, queue: "slow" });
  await enqueue({ name: waiting });
  const lists = await inHandler(async ({ tasks: { list } }) => [
    await list({ queue: "slow" }),
    await list({ queue: "slow" }, 1),
    await list({ queue: "slow", beforeId: second }),
    await list({ state: "running" }),
    ...(await Promise.all([list({}, 501).catch(String), list({ queue: "no spaces" }).catch(String)])),
  ]);
  expect(lists).toMatchObject([
    [{ id: second }, { id: first }],
    [{ id: second }],
    [{ id: first }],
    [{ name: "controller" }],
    expect.stringContaining("limit"),
    expect.stringContaining("the queue's name may hold"),
  ]);
});

test("a handler cancels, retries and deletes the tasks that a filter matches, and counts them first", async () => {
  for (let n = 0; n < 3; n++) await enqueue({ name: waiting, queue: "slow" });
  const kept = await enqueue({ name: waiting });
  const results = await inHandler(async ({ tasks: { cancelMany, retryMany, deleteMany } }) => [
    await cancelMany({ queue: "slow" }, { dryRun: true }),
    await cancelMany({ queue: "slow" }),
    await retryMany({ queue: "slow" }),
    await retryMany({ queue: "slow", state: "cancelled" }, { dryRun: true }),
    await retryMany({ queue: "slow", state: "cancelled" }),
    await deleteMany({ queue: "slow" }, { dryRun: true }),
    await deleteMany({ queue: "slow" }),
  ]);
  expect(results.map(({ total, states }) => [total, states])).toEqual([
    [3, { pending: 3 }],
    [3, { pending: 3 }],
    [0, {}],
    [3, { cancelled: 3 }],
    [3, { cancelled: 3 }],
    [3, { pending: 3 }],
    [3, { pending: 3 }],
  ]);
  expect(await find(kept)).toMatchObject({ state: "pending" });
});

test("a handler means all tasks only when it says so", async () => {
  const id = await enqueue({ name: waiting });
  const [refusals, cancelled] = await inHandler(async ({ tasks: { cancelMany } }) => [
    await Promise.all([
      cancelMany({}).catch(String),
      cancelMany({ all: true, name: waiting } as { all: true }).catch(String),
      cancelMany({ state: "succeeded" }).catch(String),
      cancelMany({ quue: "slow" } as object).catch(String),
    ]),
    await cancelMany({ all: true }),
  ]);
  expect(refusals).toEqual([
    expect.stringContaining("neither a filter nor all"),
    expect.stringContaining("exclude each other"),
    expect.stringContaining("state"),
    expect.stringContaining("quue"),
  ]);
  expect(cancelled).toMatchObject({ states: { pending: 1, running: 1 } });
  expect(await find(id)).toMatchObject({ state: "cancelled" });
});

test("a handler pauses, limits and lists queues", async () => {
  const queues = await inHandler(async ({ queues: { change, list } }) => [
    await change("busy", { paused: true, maxRunning: 2, rate: "60/1m" }),
    await change("busy", { paused: false, rate: null }),
    ...(await Promise.all([
      change("no spaces", { paused: true }).catch(String),
      change("busy", {}).catch(String),
      change("busy", { maxRunning: 0 }).catch(String),
      change("busy", { rate: "often" }).catch(String),
    ])),
    (await list()).filter(({ name }) => name === "busy"),
  ]);
  expect(queues).toMatchObject([
    { name: "busy", paused: true, maxRunning: 2, rate: { count: 60, periodMs: 60_000 } },
    { name: "busy", paused: false, maxRunning: 2, rate: null },
    expect.stringContaining("the queue's name may hold"),
    expect.stringContaining("nothing to change"),
    expect.stringContaining("maxRunning"),
    expect.stringContaining('"often" is not a rate'),
    [{ name: "busy", paused: false, maxRunning: 2 }],
  ]);
});

test("a handler adds a schedule, pauses and resumes it, runs it now and removes it", async () => {
  const added = await inHandler(async ({ schedules }) => {
    const nightly = await schedules.add({ name: "nightly", cron: "0 6 * * *", task: { name: waiting } });
    await schedules.pause("nightly");
    const paused = await schedules.find("nightly");
    await schedules.resume("nightly");
    const ids = [await schedules.runNow("nightly"), await schedules.runNow("unheard-of")];
    const listed = await schedules.list();
    const gone = [await schedules.remove("nightly"), await schedules.remove("nightly")];
    return { nightly, paused, ids, listed, gone, unknown: await schedules.pause("nightly") };
  });
  expect(await find(added.ids[0] ?? 0)).toMatchObject({ name: waiting, state: "pending" });
  expect(added).toMatchObject({
    nightly: { name: "nightly", timeZone: "America/Sao_Paulo", paused: false },
    paused: { paused: true },
    ids: [expect.any(Number), undefined],
    listed: [{ name: "nightly", paused: false }],
    gone: [true, false],
    unknown: false,
  });
});

test("a handler's schedule is held to the rules, to its handler's payload and to configuration files", async () => {
  const schedule = checkNewSchedule({ name: "filed", cron: "0 6 * * *", task: { name: waiting } });
  await syncFileSchedules(database.store, "office:/etc/fiscaut-tasks.toml", [schedule]);
  const refusals = await inHandler(({ schedules: { add, remove } }) =>
    Promise.all([
      add({ name: "often", cron: "whenever", task: { name: waiting } }).catch(String),
      add({ name: "often", cron: "0 6 * * *", task: { name: "numbers", payload: "one" } }).catch(String),
      add({ name: "filed", cron: "0 7 * * *", task: { name: waiting } }).catch(String),
      remove("filed").catch(String),
    ]),
  );
  expect(refusals).toEqual([
    expect.stringContaining("whenever"),
    expect.stringContaining("the payload is not numbers's"),
    expect.stringContaining("a configuration file defines"),
    expect.stringContaining("a configuration file defines"),
  ]);
});

test("a handler prunes what is past the worker's retention, and is told first what that is", async () => {
  await addOldWeek(database.store);
  const [told, dropped, left] = await inHandler(async ({ prune }) => [
    await prune({ dryRun: true }),
    await prune(),
    await prune({ dryRun: true }),
  ]);
  expect(told).toMatchObject([oldWeek]);
  expect(dropped).toMatchObject([oldWeek]);
  expect(left).toEqual([]);
});

test("a handler finds, lists, cancels, retries and deletes batches", async () => {
  const told = await inHandler(async ({ enqueueBatch, batches }) => {
    const { id } = await enqueueBatch("of it", [{ name: waiting }, { name: waiting }]);
    const listed = await batches.list();
    const cancelled = await batches.cancel(id);
    const found = await batches.find(id);
    const retried = await batches.retry(id);
    const deleted = await batches.delete(id);
    const unknown = [await batches.find(id), await batches.cancel(id), await batches.delete(id)];
    const refused = await batches.list({}, 101).catch(String);
    return { listed, cancelled, found, retried, deleted, unknown, refused };
  });
  expect(told).toMatchObject({
    listed: [{ title: "of it", states: { pending: 2 } }],
    cancelled: { total: 2, states: { pending: 2 }, complete: true },
    found: { states: { cancelled: 2 }, complete: true, completedAt: expect.any(Date), errors: [] },
    retried: { total: 0 },
    deleted: { total: 2, states: { cancelled: 2 }, complete: true },
    unknown: [undefined, undefined, undefined],
    refused: expect.stringContaining("limit"),
  });
});
