/** What an isolated handler does beside its work goes over the border of its process, to a real store. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHandlerControl } from "../../src/engine/handler-control.ts";
import { createHandlerEnqueue } from "../../src/engine/handler-enqueue.ts";
import { HandlerRegistry } from "../../src/handlers/handler.ts";
import { enqueueTask } from "../../src/store/enqueue.ts";
import { findTask, listTasks } from "../../src/store/find.ts";
import { OperatorError } from "../../src/task/errors.ts";
import type { DoorEvent } from "../../src/task/events.ts";
import { checkNewTask } from "../../src/task/new-task.ts";
import { keepForever } from "../keep-forever.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { createIsolatedBed } from "./isolated-bed.ts";

const bed = createIsolatedBed();
const { checkPayloads } = new HandlerRegistry([]);
let database: TestDatabase;
let lastTaskId = 0;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  bed.remove();
  await database.drop();
});

/** Starts an isolated handler's attempt with the context that a worker gives it. */
async function attempt(body: string, payload?: unknown) {
  const events: DoorEvent[] = [];
  const store = { ...database.store, onEvent: (event: DoorEvent) => void events.push(event) };
  const verbs = {
    ...createHandlerEnqueue({ store, checkPayloads, taskId: ++lastTaskId }),
    ...createHandlerControl({ store, checkPayloads, retention: keepForever }),
  };
  return { events, ...(await bed.attempt(await bed.load(body), payload, verbs)) };
}
const run = async (body: string, payload?: unknown) => await (await attempt(body, payload)).result;

const enqueue = async (name: string) => (await enqueueTask(database.store, checkNewTask({ name }))).id;
const count = async (name: string) => {
  const [row] = await database.store.sql<{ count: number }[]>`
    select count(*)::int as count from fiscaut_tasks.task where name = ${name}`;
  return row?.count;
};

test("an isolated handler enqueues a task, with an instant of its own", async () => {
  const result = await run(`
    const { id, runAt, outcome } = await context.enqueue({ name: "young", payload: { n: 1 }, runAt: new Date("2040-01-02T03:04:05Z") });
    return [id, runAt instanceof Date, runAt, outcome];`);
  const [id, ...rest] = result as [number, boolean, string, string];
  expect(rest).toEqual([true, "2040-01-02T03:04:05.000Z", "created"]);
  expect(await findTask(database.store, id)).toMatchObject({ name: "young", payload: { n: 1 } });
});

test("an isolated handler finds, lists, changes, cancels, retries and deletes tasks", async () => {
  const [one, two] = [await enqueue("governed"), await enqueue("governed")];
  const result = await run(
    `const { tasks } = context;
     const [one, two] = payload;
     const found = await tasks.find(one);
     const dated = found.createdAt instanceof Date;
     const changed = await tasks.change(one, { priority: 5 });
     const cancelled = [await tasks.cancel(one), (await tasks.find(one)).state];
     const retried = [await tasks.retry(one), (await tasks.find(one)).state];
     const deleted = [await tasks.delete(two), await tasks.find(two)];
     const listed = (await tasks.list({ name: "governed" })).map(({ id }) => id);
     const told = await tasks.cancelMany({ name: "governed" }, { dryRun: true });
     const many = await tasks.cancelMany({ name: "governed" });
     const retriedMany = await tasks.retryMany({ name: "governed", state: "cancelled" });
     const deletedMany = await tasks.deleteMany({ name: "governed" });
     return { dated, changed, cancelled, retried, deleted: deleted.slice(0, deleted[1] === undefined ? 1 : 2), listed, told, many, retriedMany, deletedMany };`,
    [one, two],
  );
  expect(result).toMatchObject({
    dated: true,
    cancelled: [expect.anything(), "cancelled"],
    retried: [expect.anything(), "pending"],
    changed: { kind: "done" },
    deleted: [{ kind: "done", state: "deleted" }],
    ...{ told: { total: 1 }, many: { total: 1 }, retriedMany: { total: 1 }, deletedMany: { total: 1 } },
    listed: [one],
  });
  expect(await listTasks(database.store, { name: "governed" }, 10)).toEqual([]);
});

test("an isolated handler governs queues and schedules, and prunes", async () => {
  const result = await run(`
    const { queues, schedules, prune } = context;
    await queues.change("busy", { maxRunning: 2 });
    await schedules.add({ name: "nightly", cron: "0 6 * * *", task: { name: "of.the.night" } });
    return {
      queues: await queues.list(),
      found: await schedules.find("nightly"),
      paused: await schedules.pause("nightly"),
      resumed: await schedules.resume("nightly"),
      ran: typeof (await schedules.runNow("nightly")),
      listed: (await schedules.list()).length,
      removed: await schedules.remove("nightly"),
      pruned: await prune({ dryRun: true }),
    };`);
  expect(result).toMatchObject({
    queues: expect.arrayContaining([expect.objectContaining({ name: "busy", maxRunning: 2 })]),
    found: { name: "nightly" },
    ...{ paused: true, resumed: true, ran: "number", listed: 1, removed: true, pruned: [] },
  });
});

test("an isolated handler is refused as any other is, with the same error", async () => {
  const { result } = await attempt(`await context.enqueue({ name: "no blanks" });`);
  const error = await result.catch((thrown) => thrown);
  expect(error).toBeInstanceOf(OperatorError);
  expect(error).toMatchObject({
    kind: "usage",
    message: expect.stringContaining("the task's name may hold"),
  });
  const caught = await run(`
    return await context.tasks.cancelMany({}).catch(({ kind, name, stack }) => [kind, name, typeof stack]);`);
  expect(caught).toEqual(["usage", "OperatorError", "string"]);
});

test("what can't travel is refused where it is given", async () => {
  const message = await run(
    `return await context.enqueue({ name: "odd", payload: { call: () => 1 } }).catch((error) => error.message);`,
  );
  expect(message).toContain("cloned");
  expect(await count("odd")).toBe(0);
});

describe("a batch of an isolated handler", () => {
  test("of an array, and a second one refused", async () => {
    const { result, events } = await attempt(`
      const tasks = Array.from({ length: 1_200 }, (_, n) => ({ name: "of.array", payload: { n } }));
      const batch = await context.enqueueBatch("an array", tasks);
      const second = await context.enqueueBatch("again", []).catch((error) => error.message);
      return [batch, second];`);
    expect(await result).toMatchObject([
      { total: 1_200, created: true },
      expect.stringContaining("a further batch needs a key of its own"),
    ]);
    expect(await count("of.array")).toBe(1_200);
    expect(events).toMatchObject([{ kind: "batch-created", added: [{ name: "of.array", count: 1_200 }] }]);
  });

  test("of a generator, far more than one message's", async () => {
    const result = await run(`
      async function* tasks() {
        for (let n = 0; n < 5_000; n++) yield { name: "of.generator", payload: { n, words: "x".repeat(1_000) } };
      }
      return await context.enqueueBatch("a generator", tasks());`);
    expect(result).toMatchObject({ total: 5_000, created: true });
    expect(await count("of.generator")).toBe(5_000);
  });

  test("is all undone when reading its tasks throws, by the very error", async () => {
    const result = await run(`
      const mine = new Error("the source is gone");
      function* tasks() {
        for (let n = 0; n < 700; n++) yield { name: "of.none" };
        throw mine;
      }
      const thrown = await context.enqueueBatch("none", tasks()).catch((error) => error);
      // Nothing was stored: the handler may correct itself.
      const { total } = await context.enqueueBatch("one", [{ name: "of.one" }]);
      return { mine: thrown === mine, total };`);
    expect(result).toEqual({ mine: true, total: 1 });
    expect(await count("of.none")).toBe(0);
  });

  test("reads no further than a task that is refused, and closes what it reads", async () => {
    const result = await run(`
      let made = 0, closed = false;
      function* tasks() {
        try {
          for (;;) yield { name: ++made === 10 ? "no blanks" : "of.refused" };
        } finally {
          closed = true;
        }
      }
      const message = await context.enqueueBatch("refused", tasks()).catch((error) => error.message);
      return { message, closed, made };`);
    expect(result).toMatchObject({ message: expect.stringContaining("the task's name"), closed: true });
    expect((result as { made: number }).made).toBeLessThan(2_000);
    expect(await count("of.refused")).toBe(0);
  });

  test("is undone when the process ends in the middle of it", async () => {
    const { result } = await attempt(`
      async function* tasks() {
        for (let n = 0; n < 700; n++) yield { name: "of.crash" };
        process.exit(1);
      }
      await context.enqueueBatch("crash", tasks());`);
    await expect(result).rejects.toThrow("its process ended before it did");
    await until(async () => {
      const [row] = await database.store.sql<{ count: number }[]>`
        select count(*)::int as count from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'`;
      return row?.count === 0;
    });
    expect(await count("of.crash")).toBe(0);
  });
});
