/** Schedules and repeats through whole workers, whose poll interval is too long to help: what wakes them is tested. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { enqueueTask } from "../../src/store/enqueue/enqueue.ts";
import { listTasks } from "../../src/store/find.ts";
import { addSchedule, findSchedule, removeSchedule } from "../../src/store/schedule/schedules.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { checkNewSchedule } from "../../src/task/doors/schedule.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { type StartedWorker, startWorker } from "./start-worker.ts";

let database: TestDatabase;
let workers: StartedWorker[] = [];
beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await Promise.all(workers.map(({ worker }) => worker.stop("the test has ended", 0)));
  workers = [];
});
afterAll(() => database.drop());

test("a schedule added while workers run ticks in one of them, a task each second", async () => {
  const plannedAts: number[] = [];
  const handler = { a: async () => null };
  workers = await Promise.all([0, 1, 2].map(() => startWorker(database, handler)));
  await addSchedule(
    database.store,
    checkNewSchedule({ name: "each-second", cron: "* * * * * *", missed: "all", task: { name: "a" } }),
  );
  await until(async () => (await listTasks(database.store, { state: "succeeded" }, 10)).length >= 3);
  await removeSchedule(database.store, "each-second");
  expect(await findSchedule(database.store, "each-second")).toBeUndefined();
  for (const task of await listTasks(database.store, { name: "a" }, 100))
    plannedAts.push(task.plannedAt?.getTime() ?? 0);
  plannedAts.sort((a, b) => a - b);
  // Each second from the first on, none twice.
  expect(plannedAts).toEqual(plannedAts.map((_, index) => (plannedAts[0] ?? 0) + index * 1_000));
}, 20_000);

test("a task that repeats runs again at its time", async () => {
  const runs: Date[] = [];
  workers = [
    await startWorker(database, {
      r: async (_payload, context) => {
        expect(context.task.plannedAt).toEqual(context.task.runAt);
        runs.push(context.task.runAt);
      },
    }),
  ];
  const { runAt } = await enqueueTask(database.store, checkNewTask({ name: "r", repeatMs: 1_000 }));
  await until(() => runs.length >= 3);
  // A machine that stood still may have left a period out.
  const afterMs = runs.map((run) => run.getTime() - runAt.getTime());
  expect(afterMs.map((ms) => ms % 1_000)).toEqual(afterMs.map(() => 0));
  expect(afterMs).toEqual([...new Set(afterMs)].toSorted((a, b) => a - b));
}, 20_000);
