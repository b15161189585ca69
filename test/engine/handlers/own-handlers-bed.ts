/** A worker whose handlers' thread loads the files that a test writes. */
import { spawnHandlers } from "../../../src/cli/worker/spawn-handlers.ts";
import { type Limits, ThreadRunner } from "../../../src/engine/handlers/thread-runner.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { findTask } from "../../../src/store/find.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import type { EngineEvent } from "../../../src/task/events.ts";
import { type HandlerFiles, makeHandlerFiles } from "../../handlers/handler-files.ts";
import { keepForever } from "../../keep-forever.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { until } from "../../until.ts";
import { startWorker } from "../start-worker.ts";

const config = {
  fiscautApiUrl: undefined,
  fiscautApiKey: undefined,
  fiscautTimeoutMs: 1_000,
  fiscautSource: undefined,
};

export class OwnHandlersBed {
  readonly database: TestDatabase;
  readonly #stopping: (() => Promise<unknown>)[] = [];
  /** Each test's own. */
  files: HandlerFiles;

  private constructor(database: TestDatabase) {
    this.database = database;
    this.files = makeHandlerFiles();
  }

  static async create(): Promise<OwnHandlersBed> {
    return new OwnHandlersBed(await createDatabase());
  }

  readonly enqueue = async (task: NewTask) => (await enqueueTask(this.database.store, checkNewTask(task))).id;
  readonly find = (id: number) => findTask(this.database.store, id);
  /** Waits for its end, or its first error. */
  readonly ended = (id: number) =>
    until(async () => {
      const task = await this.find(id);
      return task !== undefined && (task.finishedAt !== null || task.errors.length > 0) && task;
    });

  readonly startOwn = async (limits: Partial<Limits> = {}) => {
    const events: EngineEvent[] = [];
    const runner = new ThreadRunner({
      spawn: (skip) =>
        spawnHandlers({
          databaseUrl: this.database.url,
          pooled: false,
          config,
          retention: keepForever,
          handlersDir: this.files.dir,
          skip,
        }),
      emit: (event) => events.push(event),
      onLoaded: () => started?.worker.takeHandlers(),
      limits,
    });
    let started: Awaited<ReturnType<typeof startWorker>> | undefined;
    await runner.ready(20_000);
    const backoffOf = (name: string) => runner.backoffOf(name);
    started = await startWorker(this.database, {}, { runner, pollIntervalMs: 500, backoffOf });
    const { worker } = started;
    this.#stopping.push(async () => {
      await worker.stop("the test ends", 0);
      await runner.stop();
    });
    const refusals = () =>
      events.flatMap((event) => (event.kind === "handler-refused" ? [event.message] : []));
    return { runner, worker, events, refusals };
  };

  /** After each test. */
  async clear(): Promise<void> {
    for (const stop of this.#stopping.splice(0)) await stop();
    this.files.remove();
    this.files = makeHandlerFiles();
    await this.database.store.sql`
      truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.worker`;
  }

  async remove(): Promise<void> {
    this.files.remove();
    await this.database.drop();
  }
}
