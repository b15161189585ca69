/** What the engine's tests share: a database, workers that are stopped after each test, and short words for tasks. */
import { afterAll, afterEach, beforeAll } from "bun:test";
import { enqueueTask } from "../../src/store/enqueue/enqueue.ts";
import { findTask } from "../../src/store/find.ts";
import { checkNewTask, type NewTask } from "../../src/task/doors/new-task.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { type StartedWorker, startWorker } from "./start-worker.ts";

/** Call it once in a file, outside of its tests. */
export function createWorkerBed() {
  let database: TestDatabase;
  const started: StartedWorker[] = [];
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    for (const { worker } of started.splice(0)) await worker.stop("the test ends", 0);
    await database.store
      .sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_after, fiscaut_tasks.task_history, fiscaut_tasks.worker`;
  });
  afterAll(() => database.drop());
  return {
    get url() {
      return database.url;
    },
    get store() {
      return database.store;
    },
    async start(...args: Parameters<typeof startWorker> extends [unknown, ...infer Rest] ? Rest : never) {
      const worker = await startWorker(database, ...args);
      started.push(worker);
      return worker;
    },
    enqueue: async (task: NewTask) => (await enqueueTask(database.store, checkNewTask(task))).id,
    find: (id: number) => findTask(database.store, id),
  };
}
