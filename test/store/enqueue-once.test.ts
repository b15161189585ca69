// Tasks with a key: what becomes of an equal one, by rule and by state of the live one, and under concurrency.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { findBatch } from "../../src/store/batch.ts";
import { claimTasks } from "../../src/store/claim.ts";
import { completeTasks } from "../../src/store/complete.ts";
import { openStore, type Store } from "../../src/store/connection.ts";
import { cancelTask, retryTask } from "../../src/store/control.ts";
import { enqueueBatch, enqueueTask, equalIsLive } from "../../src/store/enqueue.ts";
import { findTask } from "../../src/store/find.ts";
import { registerWorker } from "../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../src/task/new-task.ts";
import type { Outcome } from "../../src/task/outcome.ts";
import { settle } from "../../src/task/settle.ts";
import type { ClaimedTask } from "../../src/task/task.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";

let database: TestDatabase;
/** With enough connections that enqueues meet in the database and not in the pool's queue. */
let store: Store;
let workerId: number;
beforeAll(async () => {
  database = await createDatabase();
  store = openStore({ url: database.url, applicationName: "fiscaut-tasks test", maxConnections: 20 });
  workerId = await registerWorker(store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
});
beforeEach(async () => {
  await store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history`;
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const enqueue = (task: Omit<NewTask, "name">) => enqueueTask(store, checkNewTask({ name: "a", ...task }));
const enqueueAll = (tasks: NewTask[], skipped: Record<string, number> = {}) =>
  enqueueBatch(store, { title: "b", skipped, enqueuedBy: null }, tasks.map(checkNewTask));
const find = (id: number) => findTask(store, id);
const claimAll = (limit = 1) => claimTasks(store, { workerId, names: ["a"], queues: [], limit });
async function claim(): Promise<ClaimedTask> {
  const [task] = await claimAll();
  if (task === undefined) throw new Error("nothing was claimed");
  return task;
}
const complete = (task: ClaimedTask, outcome: Outcome) =>
  completeTasks(store, workerId, [{ id: task.id, attempt: task.attempt, transition: settle(task, outcome) }]);
const succeeded: Outcome = { kind: "succeeded", result: null };
const liveWithKey = async (key: string) =>
  (await store.sql<{ id: number }[]>`select id from fiscaut_tasks.task where key = ${key}`).map(
    ({ id }) => id,
  );
const cancelled = async () =>
  (
    await store.sql<{ id: number }[]>`select id from fiscaut_tasks.task_history where state = 'cancelled'`
  ).map(({ id }) => id);

describe("when a pending task has the key", () => {
  test("skip, the default, leaves it as it is and tells its id", async () => {
    const first = await enqueue({ key: "k", payload: 1, priority: 3, delayMs: 60_000 });
    const second = await enqueue({ key: "k", payload: 2, priority: 9 });
    expect(first.outcome).toBe("created");
    expect(second).toEqual({ ...first, outcome: "skipped" });
    expect(await find(first.id)).toMatchObject({ payload: 1, priority: 3, key: "k" });
  });

  test("replace cancels it into the history and stores the new one", async () => {
    const first = await enqueue({ key: "k", payload: 1 });
    const second = await enqueue({ key: "k", payload: 2, onConflict: "replace" });
    expect(second.outcome).toBe("replaced");
    expect(second.id).toBeGreaterThan(first.id);
    expect(await find(first.id)).toMatchObject({ state: "cancelled", key: "k", payload: 1 });
    expect(await find(second.id)).toMatchObject({ state: "pending", key: "k", payload: 2 });
  });

  test("reschedule moves its time and priority, and keeps its payload", async () => {
    const first = await enqueue({ key: "k", payload: 1, delayMs: 3_600_000 });
    const moved = await enqueue({
      key: "k",
      payload: 2,
      priority: 7,
      runAt: "2026-01-02T03:04:05Z",
      onConflict: "reschedule",
    });
    expect(moved).toEqual({
      id: first.id,
      runAt: new Date("2026-01-02T03:04:05Z"),
      outcome: "rescheduled",
    });
    expect(await claim()).toMatchObject({ id: first.id, payload: 1, priority: 7 });
  });

  test("reschedule can also put a due one off", async () => {
    await enqueue({ key: "k" });
    await enqueue({ key: "k", delayMs: 60_000, onConflict: "reschedule" });
    expect(await claimAll()).toEqual([]);
  });

  test("one that waits for its retry counts as pending", async () => {
    const { id } = await enqueue({ key: "k" });
    await complete(await claim(), { kind: "errored", error: { message: "reset", stack: null } });
    expect(await enqueue({ key: "k" })).toMatchObject({ id, outcome: "skipped" });
    expect(await enqueue({ key: "k", onConflict: "reschedule" })).toMatchObject({
      id,
      outcome: "rescheduled",
    });
    expect(await claim()).toMatchObject({ id, attempt: 2 });
  });
});

describe("when a running task has the key", () => {
  test("skip leaves it at that", async () => {
    const { id } = await enqueue({ key: "k" });
    const running = await claim();
    expect(await enqueue({ key: "k" })).toMatchObject({ id, outcome: "skipped" });
    expect(await complete(running, succeeded)).toEqual([{ id, state: "succeeded" }]);
  });

  for (const onConflict of ["replace", "reschedule"] as const)
    test(`${onConflict} lets it go on without the key and stores the new one`, async () => {
      const { id } = await enqueue({ key: "k", payload: 1 });
      const running = await claim();
      const next = await enqueue({ key: "k", payload: 2, onConflict });
      expect(next.outcome).toBe("created");
      expect(await find(id)).toMatchObject({ state: "running", key: null });
      expect(await find(next.id)).toMatchObject({ state: "pending", key: "k", payload: 2 });
      expect(await complete(running, succeeded)).toEqual([{ id, state: "succeeded" }]);
    });
});

describe("a key", () => {
  test("is free again when its task has finished", async () => {
    const first = await enqueue({ key: "k" });
    await complete(await claim(), succeeded);
    const second = await enqueue({ key: "k" });
    expect(second.outcome).toBe("created");
    expect((await find(first.id))?.key).toBe("k");
    await cancelTask(store, second.id);
    expect((await enqueue({ key: "k" })).outcome).toBe("created");
  });

  test("made of the payload makes equal tasks one", async () => {
    const first = await enqueue({ payload: { a: 1, b: 2 }, keyOf: "payload" });
    expect(await enqueue({ payload: { b: 2, a: 1 }, keyOf: "payload" })).toMatchObject({
      id: first.id,
      outcome: "skipped",
    });
    expect((await enqueue({ payload: { a: 1, b: 3 }, keyOf: "payload" })).outcome).toBe("created");
  });

  test("that another live task has meanwhile forbids the retry of a finished one, which stays as it is", async () => {
    const { id } = await enqueue({ key: "k" });
    await complete(await claim(), { kind: "failed", error: { message: "422", stack: null } });
    const holder = await enqueue({ key: "k" });
    await expect(retryTask(store, id)).rejects.toMatchObject({
      kind: "conflict",
      message: `task ${id} can't be retried: task ${holder.id} is live and has its key`,
    });
    expect(await find(id)).toMatchObject({ state: "failed" });
    await cancelTask(store, holder.id);
    expect(await retryTask(store, id)).toEqual({ kind: "done", state: "pending" });
    expect(await find(id)).toMatchObject({ state: "pending", key: "k" });
  });
});

describe("a batch", () => {
  test("stores each key once, counts what it left out, and adds up to its total", async () => {
    const live = await enqueue({ key: "live" });
    const batch = await enqueueAll(
      [
        { name: "a", key: "live", payload: "lost" },
        { name: "a", key: "new", payload: "first" },
        { name: "a", payload: "free" },
        { name: "a", key: "new", payload: "second" },
        { name: "a", payload: "free" },
      ],
      { invalid: 4 },
    );
    expect(batch).toMatchObject({ total: 3, skipped: { invalid: 4, [equalIsLive]: 2 }, created: true });
    expect(await liveWithKey("live")).toEqual([live.id]);
    const rows = await store.sql`select payload from fiscaut_tasks.task where key = 'new'`;
    expect(rows.map((row) => row["payload"])).toEqual(["first"]);
    expect(await findBatch(store, batch.id)).toMatchObject({ total: 3, states: { pending: 3 } });
  });

  test("of equal tasks treats each as if the one before had been stored already", async () => {
    const pending = await enqueue({ key: "kept", payload: "kept", delayMs: 60_000 });
    const batch = await enqueueAll([
      { name: "a", key: "replaced", payload: 1 },
      { name: "a", key: "replaced", payload: 2, onConflict: "replace" },
      { name: "a", key: "moved", payload: 1, delayMs: 60_000 },
      { name: "a", key: "moved", payload: 2, priority: 5, onConflict: "reschedule" },
      { name: "a", key: "kept", payload: "new" },
      { name: "a", key: "kept", payload: "newer", priority: 9, onConflict: "reschedule" },
    ]);
    expect(batch.total).toBe(2);
    const tasks = await claimAll(10);
    expect(tasks.map(({ payload, priority }) => ({ payload, priority }))).toEqual([
      { payload: "kept", priority: 9 },
      { payload: 1, priority: 5 },
      { payload: 2, priority: 0 },
    ]);
    expect(tasks[0]?.id).toBe(pending.id);
  });

  test("whose pending task is replaced from outside still adds up: the task is among the cancelled", async () => {
    const batch = await enqueueAll([
      { name: "a", key: "x" },
      { name: "a", key: "y" },
    ]);
    await enqueue({ key: "x", onConflict: "replace" });
    expect(await findBatch(store, batch.id)).toMatchObject({
      total: 2,
      states: { pending: 1, cancelled: 1 },
    });
  });

  test("that fails midway changes no live task", async () => {
    const { id } = await enqueue({ key: "k", payload: 1 });
    async function* broken() {
      for (let i = 0; i < 1000; i++) yield checkNewTask({ name: "a", key: "k", onConflict: "replace" });
      throw new Error("the file ends here");
    }
    const broke = enqueueBatch(store, { title: "b", skipped: {}, enqueuedBy: null }, broken());
    await expect(broke).rejects.toThrow("the file ends here");
    expect(await liveWithKey("k")).toEqual([id]);
    expect(await cancelled()).toEqual([]);
  });
});

describe("under concurrency", () => {
  const count = 50;
  const atOnce = <Result>(work: (index: number) => Promise<Result>) =>
    Promise.all(Array.from({ length: count }, (_, index) => work(index)));

  test("of many enqueues of one key one task is created, and all tell its id", async () => {
    const results = await atOnce((payload) => enqueue({ key: "k", payload }));
    expect(results.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    expect(new Set(results.map(({ id }) => id)).size).toBe(1);
    expect(await liveWithKey("k")).toHaveLength(1);
  });

  test("of many that replace each other one is left, and the others are all in the history", async () => {
    const results = await atOnce((payload) => enqueue({ key: "k", payload, onConflict: "replace" }));
    expect(new Set(results.map(({ id }) => id)).size).toBe(count);
    const live = await liveWithKey("k");
    expect(live).toHaveLength(1);
    expect((await cancelled()).sort()).toEqual(
      results
        .map(({ id }) => id)
        .filter((id) => id !== live[0])
        .sort(),
    );
  });

  test("every rule at once leaves one live task of the key", async () => {
    const rules = ["skip", "replace", "reschedule"] as const;
    await atOnce((index) => enqueue({ key: "k", onConflict: rules[index % 3] ?? "skip" }));
    expect(await liveWithKey("k")).toHaveLength(1);
  });

  test("no key is live twice, and nothing is lost, while tasks are claimed, retried and completed", async () => {
    let enqueuing = true;
    const replaced: number[] = [];
    const worker = (async () => {
      for (let turn = 0; enqueuing; turn++)
        for (const task of await claimAll(3))
          await complete(
            task,
            turn % 2 === 0
              ? succeeded
              : { kind: "errored", error: { message: "again", stack: null }, retryAfterMs: 0 },
          );
    })();
    const rules = ["replace", "skip", "reschedule"] as const;
    const results = await atOnce(async (index) => {
      const ids: number[] = [];
      for (let i = 0; i < 6; i++) {
        const { id, outcome } = await enqueue({
          key: `k${index % 3}`,
          onConflict: rules[(index + i) % 3] ?? "skip",
        });
        if (outcome === "created" || outcome === "replaced") ids.push(id);
        if (outcome === "replaced") replaced.push(id);
      }
      return ids;
    });
    enqueuing = false;
    await worker;
    const twice = await store.sql`
      select key from fiscaut_tasks.task where key is not null group by key having count(*) > 1`;
    expect(twice).toBeEmpty();
    const stored = await store.sql<{ id: number }[]>`
      select id from fiscaut_tasks.task union all select id from fiscaut_tasks.task_history order by id`;
    expect(stored.map(({ id }) => id)).toEqual(results.flat().sort((a, b) => a - b));
    expect(await cancelled()).toHaveLength(replaced.length);
  });

  test("batches that name the same keys in opposite order neither fail nor double", async () => {
    const keys = Array.from({ length: 2_500 }, (_, index) => `key ${index}`);
    const backwards = keys.toReversed();
    const asTasks = (names: string[], onConflict: "skip" | "replace") =>
      names.map((key) => ({ name: "a", key, onConflict }));
    const batches = await Promise.all([
      enqueueAll(asTasks(keys, "skip")),
      enqueueAll(asTasks(backwards, "skip")),
      enqueueAll(asTasks(backwards, "replace")),
      enqueueAll(asTasks(keys, "replace")),
    ]);
    const [counted] = await store.sql<{ live: number; keys: number }[]>`
      select count(*) as live, count(distinct key) as keys from fiscaut_tasks.task`;
    expect(counted).toEqual({ live: keys.length, keys: keys.length });
    for (const { id, total } of batches) {
      const found = await findBatch(store, id);
      expect([total, (found?.states.pending ?? 0) + (found?.states.cancelled ?? 0)]).toEqual([total, total]);
    }
  });
});
