/** Handlers that enqueue: one task, a batch, and what a repeated attempt makes of it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { HandlerContext } from "../../../src/handlers/context.ts";
import { findBatch } from "../../../src/store/batch.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { findTask, listTasks } from "../../../src/store/find.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";
import { PermanentError, RetryAfter } from "../../../src/task/outcome.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { type StartedWorker, startWorker } from "../start-worker.ts";

let database: TestDatabase;
let started: StartedWorker | undefined;
beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await started?.worker.stop("the test ends", 0);
  await database.store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.batch`;
});
afterAll(() => database.drop());

/** Runs one task whose handler is `run`, to its end. */
async function runParent(run: (context: HandlerContext) => Promise<unknown>) {
  started = await startWorker(database, {
    parent: (_payload, context) => run(context),
    child: async (payload) => payload,
  });
  const { id } = await enqueueTask(database.store, checkNewTask({ name: "parent" }));
  return { id, event: started.event, events: started.events };
}
const childrenOf = async (name: string) => await listTasks(database.store, { name }, 100);
/** A name that no worker has a handler for, so that the tasks stay pending. */
const waiting = "waiting";

describe("a handler's enqueue", () => {
  test("stores a task that the same worker runs at once", async () => {
    const { event } = await runParent(({ enqueue }) => enqueue({ name: "child", payload: { n: 1 } }));
    const { task } = await event("succeeded");
    expect(task.name).toBe("parent");
    const [child] = await childrenOf("child");
    if (child === undefined) throw new Error("no child was stored");
    await event("succeeded", child.id);
    expect(await findTask(database.store, child.id)).toMatchObject({ result: { n: 1 } });
    expect((await findTask(database.store, task.id))?.result).toMatchObject({
      id: child.id,
      outcome: "created",
    });
  });

  test("is repeated with the attempt, which a key of the task's own prevents", async () => {
    const { id, event } = await runParent(async ({ task, enqueue }) => {
      await enqueue({ name: waiting });
      await enqueue({ name: waiting, key: `child of ${task.id}` });
      if (task.attempt === 1) throw new RetryAfter(20, "the network went away");
    });
    await event("succeeded", id);
    expect((await childrenOf(waiting)).map(({ key }) => key)).toEqual([null, `child of ${id}`, null]);
  });

  test("tells of a task that was added, and not of a live one that has its key", async () => {
    const { id, event, events } = await runParent(async ({ enqueue }) => {
      await enqueue({ name: waiting, queue: "slow", key: "k" });
      return await enqueue({ name: waiting, queue: "slow", key: "k" });
    });
    await event("succeeded", id);
    const [child] = await childrenOf(waiting);
    expect(events.filter(({ kind }) => kind === "created")).toEqual([
      { kind: "created", task: { id: child?.id ?? 0, name: waiting, queue: "slow", attempt: 0 } },
    ]);
  });

  test("refuses what is no task", async () => {
    const { id, event } = await runParent(async ({ enqueue }) => {
      await enqueue({ name: "no spaces" }).catch((error) => {
        throw new PermanentError(error.message);
      });
    });
    expect((await event("failed", id)).message).toContain("the task's name may hold");
  });
});

describe("a handler's enqueueBatch", () => {
  const two = [{ name: waiting }, { name: waiting, payload: 2 }];

  test("stores one batch, however often the attempt is repeated", async () => {
    const { id, event } = await runParent(async ({ task, enqueueBatch }) => {
      const batch = await enqueueBatch("two of them", two);
      if (task.attempt === 1) throw new RetryAfter(20, "the network went away");
      return batch;
    });
    await event("succeeded", id);
    expect(await childrenOf(waiting)).toHaveLength(2);
    expect((await findTask(database.store, id))?.result).toMatchObject({ total: 2, created: false });
  });

  test("tells once of what the batch has added, counted by name and queue", async () => {
    const tasks = [
      ...two,
      { name: waiting, queue: "slow" },
      { name: "other", queue: "slow", key: "k" },
      { name: "other", queue: "slow", key: "k" },
      { name: "other", key: "live" },
    ];
    await enqueueTask(database.store, checkNewTask({ name: waiting, key: "live" }));
    const { id, event, events } = await runParent(async ({ task, enqueueBatch }) => {
      const batch = await enqueueBatch("some of them", tasks);
      if (task.attempt === 1) throw new RetryAfter(20, "the network went away");
      return batch;
    });
    await event("succeeded", id);
    const told = events.filter(({ kind }) => kind === "created" || kind === "batch-created");
    const { result } = (await findTask(database.store, id)) ?? {};
    expect(result).toMatchObject({ total: 4 });
    expect(told).toEqual([
      {
        kind: "batch-created",
        batchId: (result as { id: number }).id,
        added: [
          { name: waiting, queue: "default", count: 2 },
          { name: waiting, queue: "slow", count: 1 },
          { name: "other", queue: "slow", count: 1 },
        ],
      },
    ]);
  });

  test("refuses a second batch instead of losing it", async () => {
    const { id, event } = await runParent(async ({ enqueueBatch }) => {
      await enqueueBatch("first", two);
      await enqueueBatch("second", two).catch((error) => {
        throw new PermanentError(error.message);
      });
    });
    expect((await event("failed", id)).message).toBe(
      'this task has enqueued "first" already: a further batch needs a key of its own',
    );
  });

  test("stores several batches, told apart by keys, each once", async () => {
    const { id, event } = await runParent(async ({ task, enqueueBatch }) => {
      const batches = [];
      for (const key of ["a", "b"]) batches.push(await enqueueBatch(key, two, { key }));
      if (task.attempt === 1) throw new RetryAfter(20, "the network went away");
      return batches;
    });
    await event("succeeded", id);
    expect(await childrenOf(waiting)).toHaveLength(4);
    const { result } = (await findTask(database.store, id)) ?? {};
    expect(result).toMatchObject([
      { total: 2, created: false },
      { total: 2, created: false },
    ]);
    const [first] = result as { id: number }[];
    expect(await findBatch(database.store, first?.id ?? 0)).toMatchObject({
      title: "a",
      key: `task:${id}:a`,
      enqueuedBy: id,
    });
  });

  test("refuses a title or a key that is none", async () => {
    const { id, event } = await runParent(async ({ enqueueBatch }) => {
      const refusals = [
        await enqueueBatch("", two).catch(String),
        await enqueueBatch("t", two, { key: "task:1" }).catch(String),
      ];
      throw new PermanentError(refusals.join("; "));
    });
    expect((await event("failed", id)).message).toBe(
      "OperatorError: the batch's title: is empty; OperatorError: the batch's key: may not begin with task:",
    );
    expect(await childrenOf(waiting)).toEqual([]);
  });

  test("stores nothing when one of its tasks is no task, and may be called again then", async () => {
    const { id, event, events } = await runParent(async ({ enqueueBatch }) => {
      const refusal = await enqueueBatch("half", [{ name: waiting }, { name: "" }]).catch(String);
      return { refusal, batch: await enqueueBatch("corrected", [{ name: waiting }]) };
    });
    await event("succeeded", id);
    expect((await findTask(database.store, id))?.result).toMatchObject({
      refusal: expect.stringContaining("the task's name is empty"),
      batch: { total: 1, created: true },
    });
    expect(await childrenOf(waiting)).toHaveLength(1);
    expect(events.filter(({ kind }) => kind === "batch-created")).toMatchObject([{ added: [{ count: 1 }] }]);
  });
});
