/**
 * The composition root of `run`: puts database, handlers, HTTP and engine together, waits for a reason to stop,
 * and takes them down in the reverse order.
 */
import { hostname } from "node:os";
import type { Config } from "../config/settings.ts";
import { isLoopback } from "../config/value-kinds.ts";
import { startLoop } from "../engine/loop.ts";
import { Worker } from "../engine/worker.ts";
import { createFiscautClient } from "../fiscaut/client.ts";
import { builtInHandlers } from "../handlers/built-in.ts";
import { HandlerRegistry } from "../handlers/handler.ts";
import { createApp } from "../http/app.ts";
import { serveHttp } from "../http/server.ts";
import { lineOf } from "../log/event-lines.ts";
import type { Logger } from "../log/logger.ts";
import { parseSource } from "../sources/parse-source.ts";
import type { Store } from "../store/connection.ts";
import { enqueueBatch } from "../store/enqueue.ts";
import { OperatorError } from "../task/errors.ts";
import type { EngineEvent } from "../task/events.ts";
import { buildInfo } from "./build-info.ts";
import { type Database, withDatabase } from "./database.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { onStopSignals } from "./stop-signals.ts";

/** The engine's four loops, HTTP, and a few to spare; LISTEN has one of its own. */
const connections = 8;
const keeperIntervalMs = 2_000;

interface StopReason {
  text: string;
  /** Why the process ends although nobody asked it to. */
  error?: unknown;
}

/** @throws OperatorError when it can't start, or has to stop because the embedded Postgres is lost. */
export async function runWorker(config: Config, logger: Logger): Promise<ExitCode> {
  const onStep = (step: string) => logger.info(step);
  const options = { config, purpose: "run", maxConnections: connections, onStep, schema: "migrate" } as const;
  return await withDatabase(options, (database) => runOn(database, config, logger));
}

async function runOn(database: Database, config: Config, logger: Logger): Promise<ExitCode> {
  const { store } = database;
  const emit = (event: EngineEvent) => {
    const { level, message, fields } = lineOf(event);
    logger[level](message, fields);
  };
  const handlers = createHandlers(store, config, logger);
  const worker = new Worker({
    store,
    handlers,
    queues: [...config.queues],
    concurrency: config.concurrency,
    pollIntervalMs: config.pollIntervalMs,
    identity: { host: hostname(), pid: process.pid, version: buildInfo.version, leaseMs: config.leaseMs },
    emit,
  });

  // Before the worker, so that a taken port is told before a task is claimed.
  const loopbackOnly = isLoopback(config.host);
  const http = serveHttp({
    host: config.host,
    port: config.port,
    app: createApp({
      store,
      handlers,
      status: () => worker.status(),
      ready: () => true,
      token: config.httpToken,
      loopbackOnly,
      version: buildInfo.version,
      releaseId: buildInfo.commit,
      startedAt: new Date(),
      onFault: (error, request) => logger.error("HTTP request failed", { ...request, error }),
    }),
  });

  const reason = Promise.withResolvers<StopReason>();
  const offSignals = onStopSignals(
    (signal) => reason.resolve({ text: signal }),
    (signal) => {
      logger.warn(`${signal} again: aborting what still runs`);
      worker.abortNow();
    },
  );
  const keeper = startLoop(
    "embedded Postgres",
    async () => {
      await database.ensureRunning().catch((error: unknown) => {
        // Starting it again is for a supervisor: this process's pool points to where it was.
        if (error instanceof OperatorError) reason.resolve({ text: error.message, error });
        throw error;
      });
      return keeperIntervalMs;
    },
    emit,
  );
  const durationTimer =
    config.durationMs === undefined
      ? undefined
      : setTimeout(() => reason.resolve({ text: "the duration has passed" }), config.durationMs);

  try {
    await worker.start();
    logger.info(`fiscaut-tasks ${buildInfo.version} is running`, {
      http: http.url,
      database: database.description,
    });
    if (config.drain)
      worker.drained().then(() => reason.resolve({ text: "no due task is left" }), reason.reject);
    const { text, error } = await reason.promise;
    const drained = await worker.stop(text, config.drainTimeoutMs);
    if (error !== undefined) throw error;
    return drained ? exitCodes.ok : exitCodes["drain-timed-out"];
  } finally {
    clearTimeout(durationTimer);
    await keeper.stop();
    await http.stop();
    offSignals();
  }
}

function createHandlers(store: Store, config: Config, logger: Logger): HandlerRegistry {
  const { fiscautApiUrl: baseUrl, fiscautApiKey: apiKey, fiscautTimeoutMs: timeoutMs } = config;
  const client =
    baseUrl === undefined || apiKey === undefined
      ? undefined
      : createFiscautClient({ baseUrl, apiKey, timeoutMs });
  if (client === undefined)
    logger.warn(
      "FISCAUT_API_URL or FISCAUT_API_KEY is not set: fiscaut.sync-supplier tasks wait for a worker that has both",
    );
  return new HandlerRegistry(
    builtInHandlers({
      client,
      parseSource,
      enqueueBatch: (batch, tasks) => enqueueBatch(store, batch, tasks),
    }),
  );
}
