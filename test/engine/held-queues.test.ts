/** What a held queue means to whole workers: the others go on, its end wakes, a drain does not wait for it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { enqueueTask } from "../../src/store/enqueue/enqueue.ts";
import { holdQueue, releaseQueue } from "../../src/store/queue-hold.ts";
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
             fiscaut_tasks.queue_hold`;
});
afterAll(() => database.drop());

const enqueue = (queue: string) => enqueueTask(database.store, checkNewTask({ name: "n", queue }));
const hold = (forMs: number | null) => holdQueue(database.store, "q", { reason: "away", forMs });
/** Polls once a minute, so that a test which passes shows that waking works. */
const start = async () => {
  const worker = await startWorker(database, { n: async () => null });
  started.push(worker);
  return worker;
};
const succeeded = () =>
  started
    .flatMap(({ events }) => events)
    .flatMap((event) => (event.kind === "succeeded" ? event.task.queue : []));

for (const [what, limit] of [
  ["", async () => {}],
  [" with a rate", () => changeQueue(database.store, "q", { rate: { count: 100, periodMs: 1_000 } })],
] as const)
  describe(`a held queue${what}`, () => {
    test("keeps its tasks back and no other's, and its release wakes workers", async () => {
      await limit();
      await hold(null);
      await start();
      await enqueue("q");
      for (let i = 0; i < 3; i++) await enqueue("other");
      await until(() => succeeded().length === 3);
      expect(succeeded()).not.toContain("q");
      await releaseQueue(database.store, "q");
      await until(() => succeeded().includes("q"));
    });

    test("goes on by itself when the time of its hold has come", async () => {
      await limit();
      await enqueue("q");
      await hold(300);
      const { event } = await start();
      expect(await event("queue-released")).toMatchObject({ queue: "q" });
      await until(() => succeeded().includes("q"));
    });

    test("is not waited for by a drain, as a paused one is not", async () => {
      await limit();
      await enqueue("q");
      await enqueue("other");
      await hold(null);
      const { worker } = await start();
      await worker.drained();
      expect(succeeded()).toEqual(["other"]);
    });

    test("whose hold is over when a drain begins is drained", async () => {
      await limit();
      await enqueue("q");
      await hold(1);
      const { worker } = await start();
      await worker.drained();
      expect(succeeded()).toEqual(["q"]);
    });
  });

test("a hold that is placed while workers wait for another's end is heard, and ends in time", async () => {
  await hold(60_000);
  const { event } = await start();
  await event("worker-started");
  await holdQueue(database.store, "later", { reason: "slow down", forMs: 200 });
  await enqueue("later");
  await until(() => succeeded().includes("later"));
});
