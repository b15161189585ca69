/** What no hint tells of, as where the notification is lost or a pooler stands between, and what a worker asks at rest. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { claimTasks } from "../../src/store/claim/claim.ts";
import type { Store } from "../../src/store/connection.ts";
import { enqueueTask } from "../../src/store/enqueue/enqueue.ts";
import { holdQueue } from "../../src/store/queue-hold.ts";
import { changeQueue } from "../../src/store/queues.ts";
import { addSchedule, removeSchedule } from "../../src/store/schedule/schedules.ts";
import { registerWorker } from "../../src/store/worker.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { checkNewSchedule } from "../../src/task/doors/schedule.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { type StartedWorker, startWorker } from "./start-worker.ts";

let database: TestDatabase;
/** Announces nothing. */
let quiet: Store;
let started: StartedWorker | undefined;
beforeAll(async () => {
  database = await createDatabase();
  quiet = {
    ...database.store,
    announcer: { announce: () => {}, flush: async () => {} },
    onEvent: () => {},
  };
});
afterEach(async () => {
  await started?.worker.stop("the test has ended", 0);
  await database.store.sql`
    truncate fiscaut_tasks.task, fiscaut_tasks.task_after, fiscaut_tasks.task_history, fiscaut_tasks.queue,
             fiscaut_tasks.queue_limit, fiscaut_tasks.queue_hold, fiscaut_tasks.worker`;
});
afterAll(() => database.drop());

/** Polls ten times a second and hears nothing; rests when this returns. */
async function startDeaf(store = database.store): Promise<StartedWorker> {
  started = await startWorker(
    database,
    { n: async () => null },
    { store: { ...store, pooled: true }, pollIntervalMs: 100, leaseMs: 1_000 },
  );
  const { id } = await enqueueTask(quiet, checkNewTask({ name: "n" }));
  await started.event("succeeded", id);
  return started;
}

test("a future task that is enqueued is run at its time", async () => {
  const { event } = await startDeaf();
  const { id } = await enqueueTask(quiet, checkNewTask({ name: "n", delayMs: 50 }));
  await event("succeeded", id);
});

test("a schedule that is added ticks", async () => {
  const { event } = await startDeaf();
  await addSchedule(
    quiet,
    checkNewSchedule({ name: "each-second", cron: "* * * * * *", missed: "skip", task: { name: "n" } }),
  );
  await event("ticked");
  await removeSchedule(quiet, "each-second");
});

test("a task is run whose queue has limits by now, and so is one whose queue is held for a while", async () => {
  const { event } = await startDeaf();
  await changeQueue(quiet, "narrow", { maxRunning: 1 });
  await holdQueue(quiet, "held", { reason: "away", forMs: 150 });
  for (const queue of ["narrow", "held"]) {
    const { id } = await enqueueTask(quiet, checkNewTask({ name: "n", queue }));
    await event("succeeded", id);
  }
});

test("a task that waits is released, and one of a dead worker is rescued", async () => {
  const { event } = await startDeaf();
  const dead = await registerWorker(quiet, { host: "test", pid: 1, version: "test", leaseMs: 100 });
  const first = await enqueueTask(quiet, checkNewTask({ name: "elsewhere" }));
  await claimTasks(quiet, { workerId: dead, names: ["elsewhere"], queues: [], limit: 1 });
  const second = await enqueueTask(
    quiet,
    checkNewTask({ name: "n", after: { tasks: [first.id], batches: [], onFailure: "ignore" } }),
  );
  await event("rescued", first.id);
  await database.store.sql`delete from fiscaut_tasks.task where id = ${first.id}`;
  await event("succeeded", second.id);
});

test("a worker at rest looks, claims and renews its lease, and asks nothing else", async () => {
  const asked = new Map<string, number>();
  const counting = new Proxy(database.store.sql, {
    apply(target, self, [first, ...values]: [TemplateStringsArray | string, ...unknown[]]) {
      const table = typeof first === "string" ? undefined : /fiscaut_tasks\.(\w+)/.exec(first.join(""))?.[1];
      if (table !== undefined) asked.set(table, (asked.get(table) ?? 0) + 1);
      return Reflect.apply(target, self, [first, ...values]);
    },
  });
  await startDeaf({ ...database.store, sql: counting, urgent: counting });
  const looks = () => asked.get("task") ?? 0;
  await until(() => looks() > 10);
  asked.clear();
  await until(() => looks() > 10);
  // A claim and a look begin with the tasks, the heartbeat with the workers; fragments of them count too.
  expect([...asked.keys()].toSorted()).toEqual(["task", "worker"]);
});
