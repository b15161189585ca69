/** Handlers in a thread of their own: what they do there stops neither the worker nor each other for good. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { loadHandlersThread, spawnHandlers } from "../../../src/cli/worker/spawn-handlers.ts";
import type { Thread } from "../../../src/engine/handlers/attempt-thread.ts";
import { ThreadRunner } from "../../../src/engine/handlers/thread-runner.ts";
import { spawnThread } from "../../../src/handlers/thread.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { findTask } from "../../../src/store/find.ts";
import { readTaskLog } from "../../../src/store/read-log.ts";
import { enableCompanies } from "../../../src/store/sync/companies.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import type { EngineEvent } from "../../../src/task/events.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";
import { keepForever } from "../../keep-forever.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { until } from "../../until.ts";
import { type StartedWorker, startWorker } from "../start-worker.ts";

let database: TestDatabase;
const stopping: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop();
  await database.store
    .sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.batch, fiscaut_tasks.worker`;
});
afterAll(() => database.drop());

const unruly = new URL("./unruly-thread.ts", import.meta.url);
const enqueue = async (task: NewTask) =>
  (await enqueueTask(database.store, checkNewTask({ payload: 0, ...task }))).id;
const find = (id: number) => findTask(database.store, id);

const config = {
  fiscautApiUrl: undefined,
  fiscautApiKey: undefined,
  fiscautTimeoutMs: 1_000,
  fiscautSource: undefined,
};

const noneOwn = { handlersDir: undefined, skip: [] };

interface Threaded {
  leaseMs?: number;
  spawn?: () => Thread;
}

async function startThreaded(options: Threaded = {}): Promise<StartedWorker> {
  const { leaseMs = 60_000, spawn = () => spawnThread(unruly, (message) => ({ kind: "fault", message })) } =
    options;
  const ofRunner: EngineEvent[] = [];
  const runner = new ThreadRunner({
    spawn,
    emit: (event) => ofRunner.push(event),
    limits: { abortMs: 500, pingMs: 100, respawnMs: 50 },
  });
  await runner.ready(10_000);
  const started = await startWorker(database, {}, { runner, leaseMs, pollIntervalMs: 500 });
  stopping.push(async () => {
    await started.worker.stop("the test ends", 0);
    await runner.stop();
  });
  // One list of both, in no order between them.
  return {
    ...started,
    event: async (kind, taskId) => {
      await until(() => [...started.events, ...ofRunner].some((event) => event.kind === kind), 10_000);
      const runnersOwn = ofRunner.find((event) => event.kind === kind);
      return (runnersOwn ?? (await started.event(kind, taskId))) as never;
    },
  };
}

describe("a handler that blocks its thread", () => {
  test("for a minute stops neither heartbeat nor status, is not rescued, and succeeds at last", async () => {
    const { worker, event, events } = await startThreaded({ leaseMs: 5_000 });
    const onlooker = await startWorker(database, {}, { leaseMs: 5_000 });
    stopping.push(() => onlooker.worker.stop("the test ends", 0));
    const id = await enqueue({ name: "spin", payload: 60_000 });
    await event("started", id);
    const workerId = worker.status().workerId;
    await until(() => worker.status().handlersDeafMs > 50_000, 70_000);
    // The lease of five seconds was renewed all the while.
    const [row] = await database.store.sql<{ age: number }[]>`
      select extract(epoch from now() - heartbeat_at)::float8 as age from fiscaut_tasks.worker where id = ${workerId ?? 0}`;
    expect(row?.age).toBeLessThan(2);
    await event("succeeded", id);
    expect(await find(id)).toMatchObject({ state: "succeeded", attempt: 1, errors: [], result: "spun" });
    expect(worker.status()).toMatchObject({ workerId, handlersDeafMs: 0 });
    expect(
      [...events, ...onlooker.events].filter(({ kind }) => kind === "rescued" || kind === "lease-lost"),
    ).toEqual([]);
  }, 90_000);

  test("is claimed for no more until it answers again", async () => {
    const { worker, event } = await startThreaded();
    const id = await enqueue({ name: "spin", payload: 1_500 });
    await event("started", id);
    await until(() => worker.status().handlersDeafMs > 0);
    const waiting = await enqueue({ name: "quick" });
    expect(await find(waiting)).toMatchObject({ state: "pending" });
    await event("succeeded", waiting);
  });

  test("beyond its time-out is ended with its thread; what ran beside it is given back and runs again", async () => {
    const { event } = await startThreaded();
    const beside = await enqueue({ name: "patient", payload: 300 });
    await event("started", beside);
    const spinning = await enqueue({ name: "spin", payload: 60_000, timeoutMs: 200 });
    expect(await event("errored", spinning)).toMatchObject({
      message: "timed out after 200 ms",
      delayMs: 6_000,
    });
    await event("handlers-restarted");
    await event("succeeded", beside);
    expect(await find(beside)).toMatchObject({ state: "succeeded", attempt: 1, errors: [] });
    expect(await find(spinning)).toMatchObject({ state: "pending", attempt: 1 });
  });

  test("does not hold up a stop beyond the grace", async () => {
    const { worker, event } = await startThreaded();
    const id = await enqueue({ name: "spin", payload: 60_000 });
    await event("started", id);
    expect(await worker.stop("SIGTERM", 10)).toBe(false);
    expect(await find(id)).toMatchObject({ state: "pending", attempt: 0 });
  });
});

test("a task that is claimed while there is no thread for it is given back", async () => {
  const thread: Thread = { send: () => {}, onMessage: () => {}, onEnd: () => {}, terminate: () => {} };
  const runner = new ThreadRunner({ spawn: () => thread, emit: () => {} });
  expect(runner.names).toEqual([]);
  expect(runner.deafMs).toBeGreaterThan(0);
  const task = { id: 1, name: "quick" } as ClaimedTask;
  const { outcome } = runner.start(task, { log: () => {}, progress: () => {} });
  expect(await outcome).toEqual({ outcome: { kind: "given-back" }, abandoned: false });
  await runner.stop();
});

describe("a handler in a thread", () => {
  test("that ignores its signal is abandoned, and its thread goes on", async () => {
    const { event, events } = await startThreaded();
    const id = await enqueue({ name: "deaf", payload: 60_000, timeoutMs: 50 });
    await event("errored", id);
    const next = await enqueue({ name: "quick", payload: 7 });
    await event("succeeded", next);
    expect(await find(next)).toMatchObject({ result: 7 });
    expect(events.some(({ kind }) => kind === "abandoned")).toBe(true);
  });

  test("that ends the thread costs an attempt, and the next tasks run in a new one", async () => {
    const { event } = await startThreaded();
    const id = await enqueue({ name: "exit" });
    await event("errored", id);
    const next = await enqueue({ name: "quick" });
    await event("succeeded", next);
    expect(await find(id)).toMatchObject({ state: "pending", errors: [{ attempt: 1 }] });
  });

  test("that leaves an error behind harms nobody", async () => {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "loose-end.ts")], { stdout: "pipe" });
    expect(await child.stdout.json()).toEqual({ outcome: "succeeded", faults: ["handler-fault"] });
  });

  test("that enqueues is heard of by the worker: one task as created, a batch as counts", async () => {
    const { event } = await startThreaded({
      spawn: () =>
        spawnHandlers(
          { databaseUrl: database.url, pooled: false, config, retention: keepForever, ...noneOwn },
          loadHandlersThread(unruly),
        ),
    });
    const id = await enqueue({ name: "parent", payload: 3 });
    const { task } = await event("created");
    expect(await find(task.id)).toMatchObject({ name: "child", queue: "young", state: "pending" });
    expect(task).toEqual({ id: task.id, name: "child", queue: "young", attempt: 0 });
    expect(await event("batch-created")).toMatchObject({
      added: [{ name: "child", queue: "default", count: 3 }],
    });
    await event("succeeded", id);
  });

  test("that syncs suppliers is heard of, too, with what it has enqueued", async () => {
    const { event } = await startThreaded({
      spawn: () =>
        spawnHandlers({
          databaseUrl: database.url,
          pooled: false,
          config,
          retention: keepForever,
          ...noneOwn,
        }),
    });
    const source = `csv:${join(import.meta.dir, "../../../scripts/demo/data")}`;
    await enableCompanies(database.store, [{ code: 1 }]);
    const id = await enqueue({
      name: "fiscaut.sync-suppliers",
      queue: "slow",
      payload: { company: 1, source },
    });
    const { batchId, added } = await event("batch-created");
    await event("succeeded", id);
    const count = added[0]?.count ?? 0;
    expect(count).toBeGreaterThan(0);
    expect(added).toEqual([{ name: "fiscaut.sync-supplier", queue: "fiscaut", count }]);
    expect(await find(id)).toMatchObject({ result: { batch: batchId, enqueued: count } });
  });

  test("that prints logs, also after it has waited", async () => {
    const { event } = await startThreaded();
    const [id, other] = [await enqueue({ name: "talks" }), await enqueue({ name: "quick" })];
    for (const each of [id, other]) await event("succeeded", each);
    const lines = (await readTaskLog(database.store, id))?.lines.map(({ message }) => message);
    expect(lines).toEqual(["to JOSÉ { n: 1 }", expect.stringContaining("RangeError: still it")]);
    expect((await readTaskLog(database.store, other))?.lines).toEqual([]);
  });

  test("may log what can't travel, and tells its progress", async () => {
    const { event } = await startThreaded();
    const id = await enqueue({ name: "odd" });
    expect(await event("log", id)).toMatchObject({ message: "not a plain thing" });
    expect(await event("progress", id)).toMatchObject({ progress: { fraction: 0.5, message: "half" } });
    await event("succeeded", id);
  });
});
