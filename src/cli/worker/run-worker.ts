/**
 * The composition root of `run`: puts database, handlers, HTTP and engine together, waits for a reason to stop,
 * and takes them down in the reverse order. Which handlers there are is `start-handlers.ts`'s affair.
 */
import { hostname } from "node:os";
import type { Config } from "../../config/settings/settings.ts";
import { isLoopback } from "../../config/value-kinds.ts";
import { type Loop, startLoop } from "../../engine/loop.ts";
import { Worker } from "../../engine/worker.ts";
import type { PayloadCheck } from "../../handlers/payload.ts";
import { HookRunner } from "../../hooks/hook-runner.ts";
import { spawnHooks } from "../../hooks/spawn-hooks.ts";
import { createApp } from "../../http/app.ts";
import { TaskMetrics } from "../../http/metrics/task-metrics.ts";
import { type HttpServer, serveHttp } from "../../http/server.ts";
import { EventLog } from "../../log/event-log.ts";
import { LevelSwitch } from "../../log/level-switch.ts";
import type { Logger } from "../../log/logger.ts";
import { toPlain } from "../../log/plain-value.ts";
import { OperatorError } from "../../task/errors.ts";
import type { EmitEvent, EngineEvent } from "../../task/events.ts";
import { buildInfo } from "../build-info.ts";
import { type Database, openDatabase, prepareDatabase } from "../database.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { findHandlersDir } from "../own-handlers.ts";
import type { Prepared } from "../prepare.ts";
import { redact } from "../redact.ts";
import { retentionOf } from "../retention.ts";
import { awaitDatabase } from "./await-database.ts";
import { companiesReader } from "./companies-reader.ts";
import { engineConnections } from "./connections.ts";
import { type ApiProbe, startApiProbe } from "./probe-api.ts";
import { restAfterStart } from "./rest-after-start.ts";
import { fiscautClientOf } from "./run-handlers.ts";
import { announceWorker } from "./running-workers.ts";
import { setFiscautRate } from "./set-fiscaut-rate.ts";
import type { LoadingThread } from "./spawn-handlers.ts";
import { type StartHandlersOptions, startHandlers } from "./start-handlers.ts";
import { onHangUp, onStopSignals } from "./stop-signals.ts";
import { takeSchedules } from "./take-schedules.ts";
import { type ManagerTelling, tellManager } from "./tell-manager.ts";

/** How long a stop waits for hooks to hear of the last events. */
const hooksStopMs = 5_000;

/** How long the start waits for the operator's own handlers; later they are taken as they come. */
const handlersReadyMs = 30_000;

/** Why the worker stops; an error when nobody asked it to. */
type StopReason = string | OperatorError;

/**
 * @param thread for the handlers; it has ended when this returns.
 * @param dev read changed handler files again.
 * @throws OperatorError when it can't start, or has to stop because the embedded Postgres has moved.
 */
export async function runWorker(prepared: Prepared, thread: LoadingThread, dev: boolean): Promise<ExitCode> {
  const { config, logger } = prepared;
  const manager = tellManager(prepared);
  const onStep = (step: string) => {
    logger.info(step);
    manager.step(step);
  };
  const handlersDir = findHandlersDir(prepared);
  const stop = Promise.withResolvers<StopReason>();
  // First of all, so that a bad file is told before anything else is done.
  const hooks = await startHooks(config, logger);
  const announcing = announce(config, logger, () => stop.resolve("`stop`"));
  try {
    // In the data folder both have their files.
    if (config.databaseUrl === undefined) await announcing;
    const options = { config, purpose: "run", maxConnections: engineConnections, onStep } as const;
    const database = await openDatabase(options);
    try {
      // Beside all that follows. What is wrong with it is told once everything else is up, and waits for it.
      database.store.connect(true).catch(() => {});
      using _announced = await announcing;
      const own = { thread, handlersDir, dev };
      return await runOn({ database, prepared, own, hooks, stop, manager, onStep });
    } catch (error) {
      throw database.explain(error);
    } finally {
      await database.close();
    }
  } finally {
    thread.terminate();
    await hooks?.stop(hooksStopMs);
    manager.stop();
  }
}

interface RunParts {
  database: Database;
  prepared: Prepared;
  own: Pick<StartHandlersOptions, "thread" | "handlersDir" | "dev">;
  hooks: HookRunner | undefined;
  stop: PromiseWithResolvers<StopReason>;
  manager: ManagerTelling;
  onStep: (step: string) => void;
}

async function runOn({ database, prepared, ...parts }: RunParts): Promise<ExitCode> {
  const { own, hooks, manager, onStep } = parts;
  const { config, logger, file, schedules } = prepared;
  let keeper: Loop | undefined;
  let probe: ApiProbe | undefined;
  const metrics = new TaskMetrics();
  const log = new EventLog(logger);
  const emit = (event: EngineEvent) => {
    // Most likely the database.
    if (event.kind === "part-failed") keeper?.wake();
    if (event.kind === "queue-held") probe?.wake();
    metrics.take(event);
    hooks?.take(event);
    log.take(event.kind === "part-failed" ? { ...event, error: database.explain(event.error) } : event);
  };
  database.store.onEvent = emit;
  const client = fiscautClientOf(config);
  if (client === undefined)
    logger.warn(
      "FISCAUT_API_URL or FISCAUT_API_KEY is not set: tasks that send records wait for a worker that has both",
    );
  // The embedded database's password stands in no setting.
  redact.hide(new URL(database.url).password);
  const onLoaded = () => worker.takeHandlers();
  const handlers = startHandlers({ prepared, database, emit, onLoaded, ...own });
  const { runner } = handlers;
  const worker = new Worker({
    store: database.store,
    runner,
    queues: [...config.queues],
    concurrency: config.concurrency,
    pollIntervalMs: config.pollIntervalMs,
    retention: retentionOf(config),
    identity: { host: hostname(), pid: process.pid, version: buildInfo.version, leaseMs: config.leaseMs },
    emit,
    backoffOf: (name) => runner.backoffOf(name),
    toPlain: (value) => toPlain(value, redact),
  });
  // Before the worker claims anything, so that a taken port costs no task an attempt.
  const http = serveWorker({
    database,
    checkPayloads: handlers.checkPayloads,
    worker,
    prepared,
    metrics,
  });

  const { promise: reason, resolve: stop, reject } = parts.stop;
  stopOnSignals(stop, worker, logger);
  onHangUp(() => prepared.logFile?.reopen());
  // Nobody waits for these: a driver's or handler's loose end must not take the other tasks along.
  process.on("unhandledRejection", (error) => logger.error("unexpected error", { error }));
  // After one nothing can be relied on: its last words, then the end, and others take the tasks over.
  process.on("uncaughtException", (error) => {
    logger.error("unexpected error: the worker ends", { error });
    process.exit(exitCodes.failed);
  });
  keeper = startKeeper(database, stop, emit);
  const durationTimer =
    config.durationMs === undefined
      ? undefined
      : setTimeout(() => stop("the duration has passed"), config.durationMs);
  let knowsOfPooler = false;
  try {
    const start = async () => {
      await database.store.connect(true);
      // The handlers' thread connects by itself, and was set up before anybody could tell.
      if (database.store.pooled && !knowsOfPooler) runner.reload();
      knowsOfPooler = true;
      await prepareDatabase(database, { config, onStep, schema: "migrate" });
      if (file !== undefined) await takeSchedules(database.store, file, schedules, logger);
      if (client !== undefined) {
        await setFiscautRate(database.store, config.fiscautRate, logger);
        probe ??= startApiProbe(database.store, client, config, emit);
      }
      // A hold that an earlier worker has left may be over, and a drain would end before it is found so.
      const ready = Promise.all([runner.ready(handlersReadyMs), config.drain && probe?.asked]);
      await worker.start(Promise.race([ready, reason]));
      manager.watch(worker);
      restAfterStart();
      logger.info(`fiscaut-tasks ${buildInfo.version} is running`, {
        http: http.url,
        database: database.description,
        ...(database.store.pooled && { notifications: "none: a pooler stands between" }),
      });
      if (config.drain) worker.drained().then(() => stop("no due task is left"), reject);
    };
    const onWait = (why: string) => manager.wait(`waiting for the database: ${why}`);
    await awaitDatabase(start, { database, logger, http: http.url, onWait, stopped: reason });
    const why = await reason;
    const drained = await worker.stop(
      why instanceof OperatorError ? why.message : why,
      config.drainTimeoutMs,
    );
    if (why instanceof OperatorError) throw why;
    return drained ? exitCodes.ok : exitCodes["drain-timed-out"];
  } finally {
    clearTimeout(durationTimer);
    await probe?.stop();
    await keeper?.stop();
    await http.stop();
    await handlers.stop();
  }
}

interface ServedParts {
  database: Database;
  checkPayloads: PayloadCheck;
  worker: Worker;
  prepared: Prepared;
  metrics: TaskMetrics;
}

function serveWorker({ database, worker, prepared, ...parts }: ServedParts): HttpServer {
  const { config, logger, logFile } = prepared;
  const app = createApp({
    ...parts,
    store: database.store,
    readCompanies: companiesReader(config),
    status: () => worker.status(),
    priorityOrder: config.priorityOrder,
    retention: retentionOf(config),
    token: config.httpToken,
    loopbackOnly: isLoopback(config.host),
    version: buildInfo.version,
    releaseId: buildInfo.commit,
    startedAt: new Date(),
    // A claimer that idles claims once in a poll interval.
    claimLimitMs: Math.max(60_000, 4 * config.pollIntervalMs),
    logLevel: new LevelSwitch(logger),
    logFault: () => logFile?.fault,
    onFault: (error, request) => logger.error("HTTP request failed", { ...request, error }),
  });
  return serveHttp({ app, host: config.host, port: config.port });
}

/** Lets `stop` find this worker; one whose data folder won't have it, of no other use beside DATABASE_URL, runs without. */
async function announce(config: Config, logger: Logger, onStop: () => void): Promise<Disposable> {
  try {
    return await announceWorker(
      config.dataDir,
      {
        pid: process.pid,
        version: buildInfo.version,
        startedAt: new Date().toISOString(),
        drainTimeoutMs: config.drainTimeoutMs,
      },
      onStop,
    );
  } catch (error) {
    if (config.databaseUrl === undefined) throw error;
    logger.info("fiscaut-tasks stop will not find this worker", { error });
    return { [Symbol.dispose]() {} };
  }
}

async function startHooks({ hooks: path }: Config, logger: Logger): Promise<HookRunner | undefined> {
  if (path === undefined) return undefined;
  return await HookRunner.start({
    path,
    spawn: spawnHooks,
    onFault: ({ message, moment }) =>
      logger.warn(`hooks: ${message}`, moment && { event: moment.kind, task: moment.taskId }),
  });
}

function stopOnSignals(stop: (reason: StopReason) => void, worker: Worker, logger: Logger): void {
  onStopSignals((signal, count) => {
    if (count === 1) return stop(signal);
    logger.warn(`${signal} again: ${count === 2 ? "aborting what still runs" : "ending at once"}`);
    if (count === 2) worker.abortNow();
    else process.exit(exitCodes["drain-timed-out"]);
  });
}

/**
 * Looks after the embedded Postgres whenever a part has failed: the heartbeat asks it often enough to notice. A
 * database of somebody else's is theirs to look after.
 */
function startKeeper(
  { keepRunning }: Database,
  stop: (reason: StopReason) => void,
  emit: EmitEvent,
): Loop | undefined {
  if (keepRunning === undefined) return undefined;
  const round = async () => {
    if ((await keepRunning()) === "moved")
      stop(
        new OperatorError("unavailable", "the embedded Postgres came back on another port", {
          hint: "start fiscaut-tasks again, as its service does by itself",
        }),
      );
    return Number.POSITIVE_INFINITY;
  };
  return startLoop("embedded Postgres", round, emit);
}
