/** Tasks of one serial key: one at a time, in the order in which they were enqueued, whatever ends the first. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { completeTasks } from "../../src/store/attempt/complete.ts";
import { rescueTasks } from "../../src/store/attempt/rescue.ts";
import { claimTasks } from "../../src/store/claim/claim.ts";
import { promoteTasks } from "../../src/store/claim/promote.ts";
import { openStore } from "../../src/store/connection.ts";
import { cancelTask } from "../../src/store/control/cancel.ts";
import { retryTask } from "../../src/store/control/retry.ts";
import { enqueueTask } from "../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { findTask } from "../../src/store/find.ts";
import { registerWorker } from "../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../src/task/doors/new-task.ts";
import type { Outcome } from "../../src/task/outcome.ts";
import { settle } from "../../src/task/settle.ts";
import type { ClaimedTask } from "../../src/task/task.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";

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
    truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.queue, fiscaut_tasks.worker`;
  workerId = await register();
});

const enqueue = async (task: Partial<NewTask> = {}) =>
  (await enqueueTask(database.store, checkNewTask({ name: "a", serialKey: "k", ...task }))).id;
const claim = (limit = 100) => claimTasks(database.store, { workerId, names: ["a"], queues: [], limit });
const claimIds = async () => (await claim()).map((task) => task.id);
const succeeded: Outcome = { kind: "succeeded", result: null };
const errored: Outcome = { kind: "errored", error: { message: "x", stack: null } };
const finish = (tasks: ClaimedTask[], outcome: Outcome = succeeded) =>
  completeTasks(
    database.store,
    workerId,
    tasks.map((task) => ({ id: task.id, attempt: task.attempt, transition: settle(task, outcome) })),
  );

describe("tasks of one serial key", () => {
  test("run one at a time in the order of their enqueuing, whatever their priority; other keys go on", async () => {
    const first = await enqueue();
    const second = await enqueue({ priority: 9 });
    const other = await enqueue({ serialKey: "other" });
    const free = await enqueue({ serialKey: undefined });
    const running = await claim();
    expect(running.map((task) => task.id)).toEqual([first, other, free]);
    expect(await claim()).toEqual([]);
    await finish(running);
    expect(await claimIds()).toEqual([second]);
  });

  test("hold across queues, and within one batch", async () => {
    await enqueueBatch(
      database.store,
      { title: "batch", skipped: {}, enqueuedBy: null },
      ["q1", "q2", "q1"].map((queue) => checkNewTask({ name: "a", serialKey: "k", queue })),
    );
    for (const queue of ["q1", "q2", "q1"]) {
      const tasks = await claim();
      expect(tasks.map((task) => task.queue)).toEqual([queue]);
      await finish(tasks);
    }
    expect(await claim()).toEqual([]);
  });

  test("wait for the first also while it retries or is not yet due", async () => {
    const first = await enqueue();
    const second = await enqueue();
    await finish(await claim(), errored);
    expect(await claim()).toEqual([]);
    await retryTask(database.store, first);
    await finish(await claim());
    expect(await claimIds()).toEqual([second]);

    const later = await enqueue({ serialKey: "later", delayMs: 60_000 });
    const after = await enqueue({ serialKey: "later" });
    expect(await claim()).toEqual([]);
    await cancelTask(database.store, later);
    expect(await claimIds()).toEqual([after]);
  });

  test("that are in the future become due by the promoter only once they are first", async () => {
    await enqueue();
    const second = await enqueue({ delayMs: 60_000 });
    await database.store.sql`update fiscaut_tasks.task set run_at = now() where id = ${second}`;
    expect((await promoteTasks(database.store)).promoted).toBe(0);
    await finish(await claim());
    expect(await claim()).toEqual([]);
    expect((await promoteTasks(database.store)).promoted).toBe(1);
    expect(await claimIds()).toEqual([second]);
  });

  test("are not run out of turn by a retry of one that waits", async () => {
    await enqueue();
    const second = await enqueue();
    await claim();
    expect(await retryTask(database.store, second)).toEqual({ kind: "done", state: "pending" });
    expect(await claim()).toEqual([]);
  });

  test("show their key, live and finished, and a revived one takes its turn again", async () => {
    const first = await enqueue({ maxAttempts: 1 });
    expect(await findTask(database.store, first)).toMatchObject({ serialKey: "k" });
    await finish(await claim(), errored);
    expect(await findTask(database.store, first)).toMatchObject({ serialKey: "k", state: "failed" });
    const second = await enqueue();
    const running = await claim();
    expect(running).toMatchObject([{ id: second, serialKey: "k" }]);
    await retryTask(database.store, first);
    expect(await claim()).toEqual([]);
    await finish(running);
    expect(await claimIds()).toEqual([first]);
  });

  const expireLease = () => database.store.sql`
    update fiscaut_tasks.worker set heartbeat_at = now() - interval '1 hour' where id = ${workerId}`;
  const ends: [string, (tasks: ClaimedTask[]) => Promise<unknown>][] = [
    ["fails", (tasks) => finish(tasks, { kind: "failed", error: { message: "x", stack: null } })],
    ["is cancelled while it runs", (tasks) => finish(tasks, { kind: "cancelled" })],
    [
      "is cancelled while it waits again",
      async (tasks) => {
        await finish(tasks, errored);
        expect(await cancelTask(database.store, tasks[0]?.id ?? 0)).toEqual({
          kind: "done",
          state: "cancelled",
        });
      },
    ],
    [
      "fails when it is rescued",
      async () => {
        await database.store.sql`update fiscaut_tasks.task set max_attempts = 1 where worker_id is not null`;
        await expireLease();
        expect(await rescueTasks(database.store)).toMatchObject([{ state: "failed" }]);
      },
    ],
    [
      "is deleted by somebody",
      (tasks) => database.store.sql`delete from fiscaut_tasks.task where id = ${tasks[0]?.id ?? 0}`,
    ],
  ];
  for (const [what, end] of ends)
    test(`let the next one start when the first ${what}`, async () => {
      await enqueue();
      const second = await enqueue();
      await end(await claim());
      expect(await claimIds()).toEqual([second]);
    });

  test("keep their turn when the first is rescued to run again", async () => {
    const first = await enqueue();
    await enqueue();
    await claim();
    await expireLease();
    expect(await rescueTasks(database.store)).toMatchObject([{ id: first, state: "pending" }]);
    expect(await claimIds()).toEqual([first]);
  });

  test("skip one that is cancelled before its turn", async () => {
    await enqueue();
    const second = await enqueue();
    const third = await enqueue();
    const running = await claim();
    await cancelTask(database.store, second);
    expect(await claim()).toEqual([]);
    await finish(running);
    expect(await claimIds()).toEqual([third]);
  });

  test("are exact while eight claimers finish them and eight callers enqueue more: none is lost, none overlaps", async () => {
    const keys = ["k1", "k2", "k3"];
    const total = 8 * 24;
    const store = openStore({ url: database.url, applicationName: "test", maxConnections: 20 });
    const ran: number[] = [];
    let overlaps = 0;
    let done = 0;
    const caller = async (caller: number) => {
      for (let i = 0; i < 24; i++)
        await enqueueTask(store, checkNewTask({ name: "a", serialKey: keys[(caller + i) % 3] }));
    };
    const claimer = async () => {
      const id = await register();
      while (done < total) {
        const tasks = await claimTasks(store, { workerId: id, names: ["a"], queues: [], limit: 2 });
        ran.push(...tasks.map((task) => task.id));
        const twice = await store.sql`
          select serial_key from fiscaut_tasks.task where worker_id is not null group by serial_key having count(*) > 1`;
        overlaps += twice.length;
        await completeTasks(
          store,
          id,
          tasks.map((task) => ({ id: task.id, attempt: 1, transition: settle(task, succeeded) })),
        );
        done += tasks.length;
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].flatMap((n) => [caller(n), claimer()]));
    await store.close();
    expect(overlaps).toBe(0);
    expect([ran.length, new Set(ran).size]).toEqual([total, total]);
  }, 30_000);

  test("a claim of one is a heap-only update", async () => {
    for (let i = 0; i < 50; i++) await enqueue({ serialKey: `k${i}` });
    const hot = await database.store.sql.begin(async (sql) => {
      const transaction = { ...database.store, hot: sql as unknown as typeof database.store.sql };
      const read = async () => {
        const [row] = await sql<{ hot: number; all: number }[]>`
          select pg_stat_get_xact_tuples_hot_updated('fiscaut_tasks.task'::regclass) as hot,
                 pg_stat_get_xact_tuples_updated('fiscaut_tasks.task'::regclass) as all`;
        return row ?? { hot: 0, all: 0 };
      };
      const before = await read();
      await claimTasks(transaction, { workerId, names: ["a"], queues: [], limit: 50 });
      const after = await read();
      return { hot: after.hot - before.hot, all: after.all - before.all };
    });
    expect(hot).toEqual({ hot: 50, all: 50 });
  });
});
