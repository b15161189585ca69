import { describe, expect, test } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { rescueTasks } from "../../../src/store/attempt/rescue.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { claimFromLimited } from "../../../src/store/claim/claim-limited.ts";
import { openStore } from "../../../src/store/connection.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { retryTask } from "../../../src/store/control/retry.ts";
import { settle } from "../../../src/task/settle.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";
import { until } from "../../until.ts";
import { createLimitedBed } from "./limited-bed.ts";

const bed = createLimitedBed();
const { register, enqueue, change, claim, finish, look } = bed;
const claimOthers = (limit = 100) =>
  claimTasks(bed.database.store, { workerId: bed.workerId, names: ["a"], queues: [], limit });

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
    const url = bed.database.url;
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
    const underWay = bed.database.store.sql.begin(async (sql) => {
      const transaction = { ...bed.database.store, sql: sql as unknown as typeof bed.database.store.sql };
      await claimTasks(transaction, { workerId: bed.workerId, names: ["a"], queues: [], limit: 2 });
      hasClaimed();
      await mayCommit;
    });
    await claimed;
    await change({ maxRunning: 2 });
    const limitedClaim = claim();
    // It is seen to wait: it holds the limit's lock and takes nothing.
    await until(async () => {
      const locks = await bed.database.store.sql`
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
        await bed.database.store.sql`
          update fiscaut_tasks.worker set heartbeat_at = now() - interval '1 hour' where id = ${bed.workerId}`;
        expect(await rescueTasks(bed.database.store)).toHaveLength(1);
      },
    ],
    [
      "fails when it is rescued",
      async () => {
        await bed.database.store
          .sql`update fiscaut_tasks.task set max_attempts = 1 where worker_id is not null`;
        await bed.database.store.sql`
          update fiscaut_tasks.worker set heartbeat_at = now() - interval '1 hour' where id = ${bed.workerId}`;
        expect(await rescueTasks(bed.database.store)).toMatchObject([{ state: "failed" }]);
      },
    ],
    [
      "is cancelled while it runs",
      async (tasks) => {
        expect(await cancelTask(bed.database.store, tasks[0]?.id ?? 0)).toEqual({ kind: "requested" });
        await finish(tasks, { kind: "cancelled" });
      },
    ],
    [
      "is deleted by somebody",
      (tasks) => bed.database.store.sql`delete from fiscaut_tasks.task where id = ${tasks[0]?.id ?? 0}`,
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
      expect(await bed.database.store.sql`select 1 from fiscaut_tasks.queue_slot`).toHaveLength(1);
    });
  }

  test("counts a revived task like any other", async () => {
    await enqueue(1);
    await change({ maxRunning: 1 });
    const running = await claim();
    await finish(running, { kind: "failed", error: { message: "x", stack: null } });
    await retryTask(bed.database.store, running[0]?.id ?? 0);
    expect(await claim()).toHaveLength(1);
    await enqueue(1);
    expect(await claim()).toEqual([]);
  });
});
