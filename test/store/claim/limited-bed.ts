/** What the tests of limited queues share: a database, a worker, and short words for what they do with queue "q". */
import { afterAll, beforeAll, beforeEach } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { claimFromLimited, readLimitedQueues } from "../../../src/store/claim/claim-limited.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { changeQueue } from "../../../src/store/queues.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import type { QueueChange } from "../../../src/task/doors/queue.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
import { settle } from "../../../src/task/settle.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

/** Call it once in a file, outside of its tests. */
export function createLimitedBed() {
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
  return {
    get database() {
      return database;
    },
    get workerId() {
      return workerId;
    },
    register,
    enqueue: (count: number, task: Partial<NewTask> = {}) =>
      enqueueBatch(
        database.store,
        { title: "limited", skipped: {}, enqueuedBy: null },
        Array.from({ length: count }, () => checkNewTask({ name: "a", queue: "q", ...task })),
      ),
    change: (queueChange: QueueChange, name = "q") => changeQueue(database.store, name, queueChange),
    claim: async (limit = 100, worker = workerId) =>
      (await claimFromLimited(database.store, "q", { workerId: worker, names: ["a"], queues: [], limit }))
        .tasks,
    finish: (tasks: ClaimedTask[], outcome: Outcome = { kind: "succeeded", result: null }) =>
      completeTasks(
        database.store,
        workerId,
        tasks.map((task) => ({ id: task.id, attempt: task.attempt, transition: settle(task, outcome) })),
      ),
    look: (names = ["a"], queues: string[] = []) => readLimitedQueues(database.store, { names, queues }),
  };
}
