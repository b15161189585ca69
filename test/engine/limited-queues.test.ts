/** What limits and pauses mean to whole workers: waking, fairness, and that the others go on. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { enqueueTask } from "../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { changeQueue } from "../../src/store/queues.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { type StartedWorker, startWorker } from "./start-worker.ts";

let database: TestDatabase;
const started: StartedWorker[] = [];
beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  for (const { worker } of started.splice(0)) await worker.stop("the test has ended", 0);
  await database.store.sql`
    truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.queue, fiscaut_tasks.queue_limit,
             fiscaut_tasks.queue_slot`;
});
afterAll(() => database.drop());

const enqueue = (queue: string, count: number) =>
  enqueueBatch(
    database.store,
    { title: queue, skipped: {}, enqueuedBy: null },
    Array.from({ length: count }, () => checkNewTask({ name: "n", queue })),
  );
const start = async (
  ...args: Parameters<typeof startWorker> extends [unknown, ...infer Rest] ? Rest : never
) => {
  const worker = await startWorker(database, ...args);
  started.push(worker);
  return worker;
};
const succeeded = () =>
  started.flatMap(({ events }) => events).filter((event) => event.kind === "succeeded").length;

test("max-running holds over two workers, whose poll is a minute: each end lets the next one start", async () => {
  await changeQueue(database.store, "q", { maxRunning: 2 });
  let running = 0;
  let most = 0;
  const run = async () => {
    most = Math.max(most, ++running);
    await Bun.sleep(1);
    running -= 1;
  };
  await start({ n: run });
  await start({ n: run });
  await enqueue("q", 30);
  await until(() => succeeded() === 30);
  expect(most).toBe(2);
});

test("a rate is kept by timers of the database's clock, not by the poll", async () => {
  await changeQueue(database.store, "q", { rate: { count: 5, periodMs: 300 } });
  await start({ n: async () => null });
  await start({ n: async () => null });
  await enqueue("q", 16);
  await until(() => succeeded() === 16);
  const [row] = await database.store.sql<{ closest: number; whole: number }[]>`
    select min(apart) as closest, max(whole) as whole from (
      select (extract(epoch from started_at - lag(started_at, 5) over (order by started_at)) * 1000)::float8 as apart,
             (extract(epoch from started_at - min(started_at) over ()) * 1000)::float8 as whole
      from fiscaut_tasks.task_history) as t`;
  expect(row?.closest).toBeGreaterThanOrEqual(300);
  expect(row?.whole).toBeWithin(900, 2_000);
});

test("a queue resumed, and one whose limits are raised, wakes workers", async () => {
  await changeQueue(database.store, "q", { paused: true });
  const { event } = await start({ n: async () => null });
  await enqueue("q", 1);
  await enqueue("other", 1);
  expect(await event("succeeded")).toMatchObject({ task: { queue: "other" } });
  await changeQueue(database.store, "q", { paused: false });
  await until(() => succeeded() === 2);

  await changeQueue(database.store, "q", { rate: { count: 1, periodMs: 86_400_000 } });
  await enqueue("q", 2);
  await until(() => succeeded() === 3);
  await changeQueue(database.store, "q", { rate: null });
  await until(() => succeeded() === 4);
});

test("neither a limited backlog nor an ordinary one takes all slots", async () => {
  await changeQueue(database.store, "limited", { maxRunning: 1_000 });
  await enqueue("limited", 2_000);
  await enqueue("ordinary", 2_000);
  const order: string[] = [];
  await start(
    {
      n: async (_, { task }) => {
        order.push(task.queue);
      },
    },
    { concurrency: 1 },
  );
  // They take turns, of hundreds where tasks are claimed ahead.
  await until(() => order.length >= 2_000);
  const limited = order.slice(0, 2_000).filter((queue) => queue === "limited").length;
  expect(limited).toBeWithin(400, 1_601);
});

test("one limited queue does not starve another", async () => {
  for (const queue of ["q1", "q2"]) {
    await changeQueue(database.store, queue, { maxRunning: 1_000 });
    await enqueue(queue, 100);
  }
  const order: string[] = [];
  await start(
    {
      n: async (_, { task }) => {
        order.push(task.queue);
      },
    },
    { concurrency: 2 },
  );
  await until(() => order.length >= 50);
  expect(order.slice(0, 50).filter((queue) => queue === "q2").length).toBeWithin(10, 41);
});

test("a drain ends only when nothing due waits for its queue's limits", async () => {
  await changeQueue(database.store, "q", { rate: { count: 1, periodMs: 200 } });
  await enqueue("q", 3);
  const { worker } = await start({ n: async () => null });
  await worker.drained();
  expect(succeeded()).toBe(3);
  expect(await database.store.sql`select 1 from fiscaut_tasks.task`).toBeEmpty();
});

test("a worker asks for limits no more than its polls do while no queue has any", async () => {
  await start({ n: async () => null });
  await until(() => started[0]?.events.some((event) => event.kind === "worker-started"));
  await enqueueTask(database.store, checkNewTask({ name: "n" }));
  await until(() => succeeded() === 1);
  const asked = database.store.sql;
  let questions = 0;
  const counting = new Proxy(asked, {
    apply(target, self, [strings, ...values]: [TemplateStringsArray, ...unknown[]]) {
      if (strings.join("").includes("queue_limit")) questions += 1;
      return Reflect.apply(target, self, [strings, ...values]);
    },
  });
  const { worker } = await start({ n: async () => null }, { store: { ...database.store, sql: counting } });
  for (let i = 0; i < 20; i++) await enqueueTask(database.store, checkNewTask({ name: "n" }));
  await until(() => succeeded() === 21);
  await worker.stop("counted", 1_000);
  // At its start, and once more when it listens.
  expect(questions).toBeWithin(1, 4);
});

test("tasks of one serial key run one after another over two workers, each end waking the next", async () => {
  const running = new Set<unknown>();
  let overlapped = false;
  const run = async (_: unknown, { task }: { task: { serialKey: string | null } }) => {
    overlapped ||= running.has(task.serialKey);
    running.add(task.serialKey);
    await Bun.sleep(1);
    running.delete(task.serialKey);
  };
  await start({ n: run });
  await start({ n: run });
  for (let i = 0; i < 40; i++)
    await enqueueTask(database.store, checkNewTask({ name: "n", serialKey: `key${i % 2}` }));
  await until(() => succeeded() === 40);
  expect(overlapped).toBe(false);
});
