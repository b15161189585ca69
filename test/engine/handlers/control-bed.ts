/** Runs a test's code as a handler, in one attempt of a task, beside handlers that it may control. */
import { z } from "zod";
import { createLocalRunner } from "../../../src/engine/handlers/runner.ts";
import type { HandlerContext } from "../../../src/handlers/context.ts";
import { defineHandler, HandlerRegistry } from "../../../src/handlers/handler.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { findTask } from "../../../src/store/find.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import { keepForever } from "../../keep-forever.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { type StartedWorker, startWorker } from "../start-worker.ts";

/** A name that no worker has a handler for, so that the tasks stay pending. */
export const waiting = "waiting";

const retention = { ...keepForever, cancelled: 86_400_000 };

export class ControlBed {
  readonly database: TestDatabase;
  started: StartedWorker | undefined;

  private constructor(database: TestDatabase) {
    this.database = database;
  }

  static async create(): Promise<ControlBed> {
    return new ControlBed(await createDatabase());
  }

  readonly enqueue = async (task: NewTask) => (await enqueueTask(this.database.store, checkNewTask(task))).id;
  readonly find = (id: number) => findTask(this.database.store, id);

  /** @returns what `run` returned, or throws the error that it threw. */
  readonly inHandler = async <Result>(run: (context: HandlerContext) => Promise<Result>): Promise<Result> => {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const handlers = new HandlerRegistry([
      defineHandler({
        name: "controller",
        payload: z.unknown(),
        run: (_payload, context) => run(context).then(resolve, reject),
      }),
      defineHandler({ name: "numbers", payload: z.number(), run: async (payload) => payload }),
      defineHandler({
        name: "patient",
        payload: z.unknown(),
        run: (_payload, { signal }) =>
          new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason))),
      }),
    ]);
    const runner = createLocalRunner(handlers, { store: this.database.store, retention });
    this.started = await startWorker(this.database, {}, { runner });
    await this.enqueue({ name: "controller", maxAttempts: 1 });
    return await promise;
  };

  /** After each test. */
  async clear(): Promise<void> {
    await this.started?.worker.stop("the test ends", 0);
    await this.database.store.sql`
      truncate fiscaut_tasks.task, fiscaut_tasks.task_after, fiscaut_tasks.task_history, fiscaut_tasks.batch,
        fiscaut_tasks.schedule`;
  }
}
