/** Starts a worker with the handlers of a test and gathers its events. */
import { z } from "zod";
import { createLocalRunner } from "../../src/engine/handlers/runner.ts";
import { Worker, type WorkerOptions } from "../../src/engine/worker.ts";
import type { HandlerContext } from "../../src/handlers/context.ts";
import { defineHandler, HandlerRegistry } from "../../src/handlers/handler.ts";
import type { EngineEvent } from "../../src/task/events.ts";
import { keepForever } from "../keep-forever.ts";
import type { TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";

type Run = (payload: unknown, context: HandlerContext) => Promise<unknown>;

export interface StartedWorker {
  worker: Worker;
  events: EngineEvent[];
  /** Waits for an event of that kind, of that task where one is named. */
  event<Kind extends EngineEvent["kind"]>(
    kind: Kind,
    taskId?: number,
  ): Promise<Extract<EngineEvent, { kind: Kind }>>;
}

export async function startWorker(
  database: TestDatabase,
  runs: Record<string, Run>,
  options: Partial<Omit<WorkerOptions, "identity">> & { leaseMs?: number; timeoutMs?: number } = {},
): Promise<StartedWorker> {
  const events: EngineEvent[] = [];
  const emit = (event: EngineEvent) => events.push(event);
  // What the test itself does through the database's own store is none of the worker's events.
  const store = { ...database.store, onEvent: emit };
  const { leaseMs = 60_000, timeoutMs, ...rest } = options;
  const worker = new Worker({
    store,
    runner: createLocalRunner(
      new HandlerRegistry(
        Object.entries(runs).map(([name, run]) =>
          defineHandler({
            name,
            payload: z.unknown(),
            run,
            ...(timeoutMs === undefined ? {} : { timeoutMs }),
          }),
        ),
      ),
      { store, retention: keepForever },
    ),
    queues: [],
    concurrency: 4,
    pollIntervalMs: 60_000, // so that a test which passes shows that waking works
    retention: keepForever,
    identity: { host: "test", pid: process.pid, version: "test", leaseMs },
    emit,
    ...rest,
  });
  await worker.start();
  return {
    worker,
    events,
    async event(kind, taskId) {
      type Wanted = Extract<EngineEvent, { kind: typeof kind }>;
      const found = () =>
        events.find(
          (event): event is Wanted =>
            event.kind === kind && (taskId === undefined || ("task" in event && event.task.id === taskId)),
        );
      await until(() => found() !== undefined, 10_000);
      return found() as Wanted;
    },
  };
}
