/** Handlers that look up and control tasks. What the verbs do is the store's, and tested there. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import type { HandlerContext } from "../../../src/handlers/context.ts";
import type { NewTask } from "../../../src/task/doors/new-task.ts";
import { until } from "../../until.ts";
import { ControlBed, waiting } from "./control-bed.ts";

let bed: ControlBed;
beforeAll(async () => {
  bed = await ControlBed.create();
});
afterEach(() => bed.clear());
afterAll(() => bed.database.drop());

const enqueue = (task: NewTask) => bed.enqueue(task);
const find = (id: number) => bed.find(id);
const inHandler = <Result>(run: (context: HandlerContext) => Promise<Result>) => bed.inHandler(run);

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
  await bed.started?.event("cancelled", running);
});

test("a handler that cancels its own task is aborted", async () => {
  const { id, result } = await inHandler(async ({ task, signal, tasks: { cancel } }) => {
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    const result = await cancel(task.id);
    await aborted;
    return { id: task.id, result };
  });
  expect(result).toEqual({ kind: "requested" });
  await bed.started?.event("succeeded", id); // it has gone on to its end all the same
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
