import { expect, test } from "bun:test";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { changeQueue } from "../../src/store/queues.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { until } from "../until.ts";
import { createWorkerBed } from "./worker-bed.ts";

const bed = createWorkerBed();
const slots = 2;

/** A backlog of quick tasks, of which the two hundredth and all after it wait for `open`. */
async function startGated(maxAttempts = 25) {
  const tasks = Array.from({ length: 600 }, () => checkNewTask({ name: "quick", maxAttempts }));
  await enqueueBatch(bed.store, { title: "quick", skipped: {}, enqueuedBy: null }, tasks);
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const runs = new Map<number, number>();
  const attempts = new Set<number>();
  let begun = 0;
  let mostClaimed = 0;
  const { worker, events } = await bed.start(
    {
      quick: async (_, { task }) => {
        runs.set(task.id, (runs.get(task.id) ?? 0) + 1);
        attempts.add(task.attempt);
        if (++begun === 200) mostClaimed = await countClaimed();
        if (begun >= 200) await opened;
      },
    },
    { concurrency: slots },
  );
  await until(() => worker.status().running === slots && mostClaimed > 0);
  return { worker, events, open, runs, attempts, mostClaimed };
}

async function countClaimed(): Promise<number> {
  const [row] = await bed.store.sql<{ count: number }[]>`
    select count(*)::int from fiscaut_tasks.task where worker_id is not null`;
  return row?.count ?? 0;
}

const countSucceeded = async () =>
  (await bed.store.sql`select 1 from fiscaut_tasks.task_history where state = 'succeeded'`).length;

test("quick tasks are claimed ahead; what waits behind long ones is given back, and all run once", async () => {
  const { open, runs, attempts, mostClaimed, events } = await startGated();
  expect(mostClaimed).toBeGreaterThan(slots);
  await until(async () => (await countClaimed()) === slots);
  open();
  await until(async () => (await countSucceeded()) === 600);
  expect([...runs.values()].every((times) => times === 1)).toBe(true);
  expect([...attempts]).toEqual([1]);
  expect(events.some(({ kind }) => kind === "given-back")).toBe(false);
}, 30_000);

test("what was claimed ahead from a queue that is paused does not start before it is resumed", async () => {
  const { open, worker } = await startGated();
  await changeQueue(bed.store, "default", { paused: true });
  await until(async () => (await countClaimed()) === slots);
  open();
  await until(() => worker.status().running === 0);
  await until(async () => (await countClaimed()) === 0);
  expect(await countSucceeded()).toBeLessThan(600);
  await changeQueue(bed.store, "default", { paused: false });
  await until(async () => (await countSucceeded()) === 600);
}, 30_000);

test("a stop gives back what was claimed ahead, uncounted", async () => {
  const { worker, open } = await startGated();
  const stopped = worker.stop("the test says so", 10_000);
  await until(async () => (await countClaimed()) === slots);
  open();
  expect(await stopped).toBe(true);
  expect(
    await bed.store.sql`select 1 from fiscaut_tasks.task where attempt > 0 or worker_id is not null`,
  ).toBeEmpty();
  expect(await countSucceeded()).toBeWithin(200, 600);
}, 30_000);

test("tasks that may be tried once only are not claimed ahead, and all run", async () => {
  const { open, runs, mostClaimed } = await startGated(1);
  expect(mostClaimed).toBeGreaterThan(0);
  await until(async () => (await countClaimed()) === slots);
  open();
  await until(async () => (await countSucceeded()) === 600);
  expect([...runs.values()].every((times) => times === 1)).toBe(true);
}, 60_000);
