import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { cancelTask } from "../../src/store/cancel.ts";
import { claimTasks } from "../../src/store/claim.ts";
import { claimFromLimited, readLimitedQueues } from "../../src/store/claim-limited.ts";
import { completeTasks } from "../../src/store/complete.ts";
import { openStore } from "../../src/store/connection.ts";
import { enqueueBatch } from "../../src/store/enqueue.ts";
import { changeQueue } from "../../src/store/queues.ts";
import { rescueTasks } from "../../src/store/rescue.ts";
import { retryTask } from "../../src/store/retry.ts";
import { registerWorker } from "../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../src/task/new-task.ts";
import type { Outcome } from "../../src/task/outcome.ts";
import type { QueueChange } from "../../src/task/queue.ts";
import { settle } from "../../src/task/settle.ts";
import type { ClaimedTask } from "../../src/task/task.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";

let database: TestDatabase;
let workerId: number;

const register = () =>
  registerWorker(database.store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.store.sql`
    truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.queue, fiscaut_tasks.queue_limit,
             fiscaut_tasks.queue_slot, fiscaut_tasks.worker`;
  workerId = await register();
});

const enqueue = (count: number, task: Partial<NewTask> = {}) =>
  enqueueBatch(
    database.store,
    { title: "limited", skipped: {}, enqueuedBy: null },
    Array.from({ length: count }, () => checkNewTask({ name: "a", queue: "q", ...task })),
  );
const change = (queueChange: QueueChange, name = "q") => changeQueue(database.store, name, queueChange);
const claim = async (limit = 100, worker = workerId) =>
  (await claimFromLimited(database.store, "q", { workerId: worker, names: ["a"], queues: [], limit })).tasks;
const claimOthers = (limit = 100) =>
  claimTasks(database.store, { workerId, names: ["a"], queues: [], limit });
const finish = (tasks: ClaimedTask[], outcome: Outcome = { kind: "succeeded", result: null }) =>
  completeTasks(
    database.store,
    workerId,
    tasks.map((task) => ({ id: task.id, attempt: task.attempt, transition: settle(task, outcome) })),
  );
const look = (names = ["a"], queues: string[] = []) => readLimitedQueues(database.store, { names, queues });

describe("a queue with limits", () => {
  test("is left alone by the ordinary claim, which takes the others", async () => {
    await enqueue(3);
    await enqueue(1, { queue: "other" });
    await change({ maxRunning: 2 });
    expect((await claimOthers()).map((task) => task.queue)).toEqual(["other"]);
    expect(await claim()).toHaveLength(2);
  });

  test("is an ordinary one again when the last limit is taken away", async () => {
    await enqueue(3);
    await change({ maxRunning: 1, rate: { count: 1, periodMs: 60_000 } });
    await change({ maxRunning: null });
    expect(await claim()).toHaveLength(1);
    await change({ rate: null });
    expect(await claimOthers()).toHaveLength(2);
    expect(await look()).toEqual({ any: false, waiting: [] });
  });

  test("gives its tasks in the order of every claim, and never those without a handler", async () => {
    await enqueue(1, { payload: 1 });
    await enqueue(1, { payload: 2, priority: 5 });
    await enqueue(1, { payload: 3, priority: 9, name: "unknown" });
    await change({ maxRunning: 9 });
    expect((await claim()).map((task) => task.payload)).toEqual([2, 1]);
  });

  test("starts nothing while it is paused", async () => {
    await enqueue(1);
    await change({ maxRunning: 1, paused: true });
    expect(await look()).toEqual({ any: true, waiting: [] });
    expect(await claim()).toEqual([]);
    await change({ paused: false });
    expect(await claim()).toHaveLength(1);
  });

  test("is told apart: startable, full, waiting for its rate, with nothing due, not served", async () => {
    await enqueue(3);
    await change({ maxRunning: 1 });
    expect(await look()).toEqual({ any: true, waiting: [{ queue: "q", startsInMs: 0 }] });
    const running = await claim();
    expect(await look()).toEqual({ any: true, waiting: [{ queue: "q", startsInMs: null }] });
    await finish(running);
    expect(await look()).toEqual({ any: true, waiting: [{ queue: "q", startsInMs: 0 }] });
    await change({ maxRunning: null, rate: { count: 1, periodMs: 60_000 } });
    await claim();
    const [waiting] = (await look()).waiting;
    expect(waiting?.startsInMs).toBeWithin(50_000, 60_001);
    expect(await look(["b"])).toEqual({ any: true, waiting: [] });
    expect(await look(["a"], ["other"])).toEqual({ any: false, waiting: [] });
  });
});

describe("max-running", () => {
  test("is never exceeded by eight claimers at once, and is reached", async () => {
    await enqueue(60);
    await change({ maxRunning: 3 });
    const url = database.url;
    const store = openStore({ url, applicationName: "test", maxConnections: 16 });
    let mostRunning = 0;
    let done = 0;
    const claimer = async () => {
      const id = await register();
      while (done < 60) {
        const { tasks } = await claimFromLimited(store, "q", {
          workerId: id,
          names: ["a"],
          queues: [],
          limit: 5,
        });
        const [row] = await store.sql<{ running: number }[]>`
          select count(*) as running from fiscaut_tasks.task where worker_id is not null`;
        mostRunning = Math.max(mostRunning, row?.running ?? 0);
        for (const task of tasks) {
          const transition = settle(task, { kind: "succeeded", result: null });
          await completeTasks(store, id, [{ id: task.id, attempt: task.attempt, transition }]);
          done += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, claimer));
    await store.close();
    expect(mostRunning).toBe(3);
    expect(done).toBe(60);
  });

  test("counts the tasks that already ran when it was set", async () => {
    await enqueue(5);
    const running = await claimOthers(2);
    await change({ maxRunning: 3 });
    expect(await claim()).toHaveLength(1);
    await finish(running);
    expect(await claim()).toHaveLength(2);
  });

  test("counts also those of a claim that was under way while it was set", async () => {
    await enqueue(5);
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
    const { promise: claimed, resolve: hasClaimed } = Promise.withResolvers<void>();
    const underWay = database.store.sql.begin(async (sql) => {
      const transaction = { ...database.store, sql: sql as unknown as typeof database.store.sql };
      await claimTasks(transaction, { workerId, names: ["a"], queues: [], limit: 2 });
      hasClaimed();
      await mayCommit;
    });
    await claimed;
    await change({ maxRunning: 2 });
    const limitedClaim = claim();
    // It is seen to wait: it holds the limit's lock and takes nothing.
    await until(async () => {
      const locks = await database.store.sql`
        select 1 from pg_locks where relation = 'fiscaut_tasks.queue_limit'::regclass and mode = 'RowShareLock'
          and database = (select oid from pg_database where datname = current_database())`;
      return locks.length > 0;
    });
    commit();
    await underWay;
    expect(await limitedClaim).toEqual([]);
  });

  test("lowered below what runs stops nothing and starts nothing until fewer run", async () => {
    await enqueue(5);
    await change({ maxRunning: 3 });
    const running = await claim();
    await change({ maxRunning: 1 });
    await finish(running.slice(0, 2));
    expect(await claim()).toEqual([]);
    await finish(running.slice(2));
    expect(await claim()).toHaveLength(1);
  });

  test("counts beside a rate that came first", async () => {
    await enqueue(5);
    await change({ rate: { count: 100, periodMs: 60_000 } });
    expect(await claim(2)).toHaveLength(2);
    await change({ maxRunning: 3 });
    expect(await claim()).toHaveLength(1);
  });

  const ends: [string, (tasks: ClaimedTask[]) => Promise<unknown>][] = [
    ["retries later", (tasks) => finish(tasks, { kind: "errored", error: { message: "x", stack: null } })],
    ["is given back", (tasks) => finish(tasks, { kind: "given-back" })],
    ["fails", (tasks) => finish(tasks, { kind: "failed", error: { message: "x", stack: null } })],
    [
      "is rescued",
      async () => {
        await database.store.sql`
          update fiscaut_tasks.worker set heartbeat_at = now() - interval '1 hour' where id = ${workerId}`;
        expect(await rescueTasks(database.store)).toHaveLength(1);
      },
    ],
    [
      "fails when it is rescued",
      async () => {
        await database.store.sql`update fiscaut_tasks.task set max_attempts = 1 where worker_id is not null`;
        await database.store.sql`
          update fiscaut_tasks.worker set heartbeat_at = now() - interval '1 hour' where id = ${workerId}`;
        expect(await rescueTasks(database.store)).toMatchObject([{ state: "failed" }]);
      },
    ],
    [
      "is cancelled while it runs",
      async (tasks) => {
        expect(await cancelTask(database.store, tasks[0]?.id ?? 0)).toEqual({ kind: "requested" });
        await finish(tasks, { kind: "cancelled" });
      },
    ],
    [
      "is deleted by somebody",
      (tasks) => database.store.sql`delete from fiscaut_tasks.task where id = ${tasks[0]?.id ?? 0}`,
    ],
  ];
  for (const [what, end] of ends) {
    test(`lets the next one start when a task ${what}`, async () => {
      await enqueue(2);
      await change({ maxRunning: 1 });
      const running = await claim();
      expect(await claim()).toEqual([]);
      await end(running);
      expect(await claim(100, await register())).toHaveLength(1);
      expect(await database.store.sql`select 1 from fiscaut_tasks.queue_slot`).toHaveLength(1);
    });
  }

  test("counts a revived task like any other", async () => {
    await enqueue(1);
    await change({ maxRunning: 1 });
    const running = await claim();
    await finish(running, { kind: "failed", error: { message: "x", stack: null } });
    await retryTask(database.store, running[0]?.id ?? 0);
    expect(await claim()).toHaveLength(1);
    await enqueue(1);
    expect(await claim()).toEqual([]);
  });
});

describe("the rate", () => {
  test("lets its count start at once and no more within its period", async () => {
    await enqueue(10);
    await change({ rate: { count: 4, periodMs: 60_000 } });
    expect(await claim(3)).toHaveLength(3);
    expect(await claim()).toHaveLength(1);
    expect(await claim()).toEqual([]);
  });

  test("goes on counting what started before it was changed", async () => {
    await enqueue(10);
    await change({ rate: { count: 2, periodMs: 60_000 } });
    await claim();
    await change({ rate: { count: 3, periodMs: 60_000 } });
    expect(await claim()).toHaveLength(1);
  });

  test("counts each start of a task that is retried", async () => {
    await enqueue(1);
    await change({ rate: { count: 2, periodMs: 60_000 } });
    for (const expected of [1, 1, 0]) {
      const tasks = await claim();
      expect(tasks).toHaveLength(expected);
      await finish(tasks, {
        kind: "errored",
        error: { message: "x", stack: null },
        retryAfterMs: 0,
      });
    }
  });

  test("of 20/1s over five claimers is held in every window, and used", async () => {
    await enqueue(61);
    await change({ rate: { count: 20, periodMs: 1_000 } });
    let started = 0;
    const claimer = async () => {
      while (started < 61) {
        const [next] = (await look()).waiting;
        if (next === undefined) return;
        if ((next.startsInMs ?? 0) > 0) await Bun.sleep((next.startsInMs ?? 0) + 1);
        const { length } = await claim(7);
        started += length;
      }
    };
    await Promise.all(Array.from({ length: 5 }, claimer));
    const [measured] = await database.store.sql<{ closest: number; whole: number }[]>`
      with start as (
        select started_at, lag(started_at, 20) over (order by started_at) as twenty_before from fiscaut_tasks.task
      )
      select min(extract(epoch from started_at - twenty_before) * 1000)::float8 as closest,
             (extract(epoch from max(started_at) - min(started_at)) * 1000)::float8 as whole
      from start`;
    expect(started).toBe(61);
    expect(measured?.closest).toBeGreaterThanOrEqual(1_000);
    // Three whole periods lie between the first and the sixty-first: no more than a fifth is lost.
    expect(measured?.whole).toBeWithin(3_000, 3_600);
  }, 20_000);
});
