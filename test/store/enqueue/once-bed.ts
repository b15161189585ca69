/** A store and a worker's steps for the tests of tasks with a key, all of them named "a". */
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { openStore } from "../../../src/store/connection.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
import { settle } from "../../../src/task/settle.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";
import { createDatabase } from "../../postgres.ts";

export const succeeded: Outcome = { kind: "succeeded", result: null };
/** An attempt's error, with no wait until the next one. */
export const again: Outcome = {
  kind: "errored",
  error: { message: "again", stack: null },
  retryAfterMs: 0,
};

export async function createOnceBed() {
  const database = await createDatabase();
  // With enough connections that enqueues meet in the database and not in the pool's queue.
  const store = openStore({ url: database.url, applicationName: "fiscaut-tasks test", maxConnections: 20 });
  const register = () => registerWorker(store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
  const workerId = await register();
  const claimAll = (limit = 1, claimer = workerId) =>
    claimTasks(store, { workerId: claimer, names: ["a"], queues: [], limit });
  const completeAll = (tasks: ClaimedTask[], outcome: Outcome) =>
    completeTasks(
      store,
      workerId,
      tasks.map((task) => ({ id: task.id, attempt: task.attempt, transition: settle(task, outcome) })),
    );
  return {
    store,
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
    async clear() {
      await store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history`;
    },
    async drop() {
      await store.close();
      await database.drop();
    },
  };
}

export type OnceBed = Awaited<ReturnType<typeof createOnceBed>>;
