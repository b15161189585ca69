/** A store and a worker's steps for the tests of tasks with a key, all of them named "a". */
import { afterAll, beforeAll, beforeEach } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { openStore, type Store } from "../../../src/store/connection.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
import { settle } from "../../../src/task/settle.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

export const succeeded: Outcome = { kind: "succeeded", result: null };
/** An attempt's error, with no wait until the next one. */
export const again: Outcome = {
  kind: "errored",
  error: { message: "again", stack: null },
  retryAfterMs: 0,
};

/** Call it once in a file, outside of its tests. Empty before each of them. */
export function createOnceBed() {
  let database: TestDatabase;
  let store: Store;
  let workerId: number;
  const register = () => registerWorker(store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
  beforeAll(async () => {
    database = await createDatabase();
    // With enough connections that enqueues meet in the database and not in the pool's queue.
    store = openStore({ url: database.url, applicationName: "fiscaut-tasks test", maxConnections: 20 });
    workerId = await register();
  });
  const clear = async () => {
    await store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history`;
  };
  beforeEach(clear);
  afterAll(async () => {
    await store.close();
    await database.drop();
  });
  const claimAll = (limit = 1, claimer = workerId) =>
    claimTasks(store, { workerId: claimer, names: ["a"], queues: [], limit });
  const completeAll = (tasks: ClaimedTask[], outcome: Outcome) =>
    completeTasks(
      store,
      workerId,
      tasks.map((task) => ({ id: task.id, attempt: task.attempt, transition: settle(task, outcome) })),
    );
  return {
    get store() {
      return store;
    },
    clear,
    register,
    claimAll,
    async claim() {
      const [task] = await claimAll();
      if (task === undefined) throw new Error("nothing was claimed");
      return task;
    },
    completeAll,
    complete: (task: ClaimedTask, outcome: Outcome) => completeAll([task], outcome),
    enqueue: (task: Omit<NewTask, "name">) => enqueueTask(store, checkNewTask({ name: "a", ...task })),
    enqueueAll: (tasks: Omit<NewTask, "name">[], skipped: Record<string, number> = {}) =>
      enqueueBatch(
        store,
        { title: "b", skipped, enqueuedBy: null },
        tasks.map((task) => checkNewTask({ name: "a", ...task })),
      ),
    /** Ids of the live tasks with this key. */
    liveWithKey: async (key: string) =>
      (await store.sql<{ id: number }[]>`select id from fiscaut_tasks.task where key = ${key}`).map(
        ({ id }) => id,
      ),
    /** Ids of the cancelled ones, ascending. */
    cancelled: async () =>
      (
        await store.sql<{ id: number }[]>`
          select id from fiscaut_tasks.task_history where state = 'cancelled' order by id`
      ).map(({ id }) => id),
  };
}
