// Handlers that look up and control tasks, queues and schedules. What the verbs do is the store's, and tested there.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { createLocalRunner } from "../../src/engine/runner.ts";
import { defineHandler, type HandlerContext, HandlerRegistry } from "../../src/handlers/handler.ts";
import { enqueueTask } from "../../src/store/enqueue.ts";
import { findTask } from "../../src/store/find.ts";
import { addSchedule } from "../../src/store/schedules.ts";
import { checkNewTask, type NewTask } from "../../src/task/new-task.ts";
import { checkNewSchedule } from "../../src/task/schedule.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { type StartedWorker, startWorker } from "./start-worker.ts";

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
  const runner = createLocalRunner(handlers, database.store, () => {});
  started = await startWorker(database, {}, { runner });
  await enqueue({ name: "controller", maxAttempts: 1 });
  return await promise;
}

test("a handler finds a task, live or finished, and hears that there is none", async () => {
  const live = await enqueue({ name: waiting, payload: { n: 1 } });
  const found = await inHandler(async ({ task, find, cancel }) => {
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

test("a handler cancels a pending task, and has a running one aborted", async () => {
  const pending = await enqueue({ name: waiting });
  const running = await enqueue({ name: "patient" });
  const results = await inHandler(async ({ find, cancel }) => {
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
  const { id, result } = await inHandler(async ({ task, signal, cancel }) => {
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
  const results = await inHandler(async ({ task, cancel, retry, change, delete: remove }) => {
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
  const refusals = await inHandler(({ change }) =>
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

test("a handler pauses and limits a queue", async () => {
  const queues = await inHandler(async ({ changeQueue }) => [
    await changeQueue("busy", { paused: true, maxRunning: 2, rate: "60/1m" }),
    await changeQueue("busy", { paused: false, rate: null }),
    ...(await Promise.all([
      changeQueue("no spaces", { paused: true }).catch(String),
      changeQueue("busy", {}).catch(String),
      changeQueue("busy", { maxRunning: 0 }).catch(String),
      changeQueue("busy", { rate: "often" }).catch(String),
    ])),
  ]);
  expect(queues).toMatchObject([
    { name: "busy", paused: true, maxRunning: 2, rate: { count: 60, periodMs: 60_000 } },
    { name: "busy", paused: false, maxRunning: 2, rate: null },
    expect.stringContaining("the queue's name may hold"),
    expect.stringContaining("nothing to change"),
    expect.stringContaining("maxRunning"),
    expect.stringContaining('"often" is not a rate'),
  ]);
});

test("a handler runs a schedule now", async () => {
  const schedule = checkNewSchedule({ name: "nightly", cron: "0 6 * * *", task: { name: waiting } });
  await addSchedule(database.store, schedule);
  const [id, none] = await inHandler(async ({ runSchedule }) => [
    await runSchedule("nightly"),
    await runSchedule("unheard-of"),
  ]);
  expect(none).toBeUndefined();
  expect(await find(id ?? 0)).toMatchObject({ name: waiting, state: "pending" });
});
