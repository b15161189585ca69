/**
 * Puts the HTTP side together: guard, routes, and one shape for every error. Listening is `server.ts`'s work,
 * starting and stopping the command line's.
 */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { limitAnswer } from "./answer-limit.ts";
import { createEnqueueUpload } from "./batches/batch-upload.ts";
import { batchRoutes } from "./batches/batches.ts";
import { createGuard, type GuardOptions } from "./guard.ts";
import { DatabaseCheck } from "./health/database-check.ts";
import { type HealthRoutesOptions, healthRoutes } from "./health/health.ts";
import { type HistoryRoutesOptions, historyRoutes } from "./history.ts";
import { type LogLevelRoutesOptions, logLevelRoutes } from "./log-level.ts";
import { type MetricsRouteOptions, metricsRoutes } from "./metrics/metrics.ts";
import { Problem, problemOf, unexpected } from "./problem.ts";
import { queueRoutes } from "./queues.ts";
import { addRoutes, type Route } from "./route.ts";
import { scheduleRoutes } from "./schedules.ts";
import { type CompanyRoutesOptions, companyRoutes } from "./sync/companies.ts";
import { syncRoutes } from "./sync/records.ts";
import { controlRoutes } from "./tasks/control.ts";
import { taskLogRoutes } from "./tasks/task-log.ts";
import { type TaskRoutesOptions, taskRoutes } from "./tasks/tasks.ts";

export interface AppOptions
  extends CompanyRoutesOptions,
    GuardOptions,
    HealthRoutesOptions,
    HistoryRoutesOptions,
    LogLevelRoutesOptions,
    MetricsRouteOptions,
    TaskRoutesOptions {
  /** Told of every error that nobody foresaw, for the log; the caller sees a bare 500. */
  onFault: (error: unknown, request: { method: string; path: string }) => void;
  /** A longer answer, or step of an upload, is given up with 503. Well below the server's idle time-out. */
  answerLimitMs?: number;
}

const defaultAnswerLimitMs = 10_000;

/** @throws OperatorError "config" when other machines could come in without a token. */
export function createApp(options: AppOptions): Hono {
  const app = new Hono();
  app.use(neverCached, createGuard(options), limitAnswer(options.answerLimitMs ?? defaultAnswerLimitMs));
  const database = new DatabaseCheck(options.store);
  const enqueueUpload = createEnqueueUpload(options);
  const routes = [
    ...healthRoutes(options, database),
    ...metricsRoutes(options, database),
    ...taskRoutes(options, enqueueUpload),
    ...batchRoutes(options, enqueueUpload),
    ...taskLogRoutes(options),
    ...controlRoutes(options),
    ...queueRoutes(options),
    ...scheduleRoutes(options),
    ...companyRoutes(options),
    ...syncRoutes(options),
    ...historyRoutes(options),
    ...logLevelRoutes(options),
  ];
  addRoutes(app, [index(routes, options.version), ...routes]);
  app.notFound((c) =>
    new Problem(404, `nothing is served at ${c.req.path}`, { hint: "GET / lists the routes" }).toResponse(),
  );
  app.onError((error, c) => {
    const problem = problemOf(error);
    if (problem === undefined) options.onFault(error, { method: c.req.method, path: c.req.path });
    return (problem ?? unexpected).toResponse();
  });
  return app;
}

function index(routes: Route[], version: string): Route {
  const served = routes.map(({ method, path, about }) => ({ method, path, about }));
  return {
    method: "GET",
    path: "/",
    about: "this list",
    handle: (c: Context) => c.json({ name: "fiscaut-tasks", version, routes: served }),
  };
}

/** Everything here is true for a moment only. */
const neverCached: MiddlewareHandler = async (c, next) => {
  await next();
  // Not by `c.header`, which by now makes the answer anew, and a stream of its body, each time.
  const { headers } = c.res;
  headers.set("cache-control", "no-store");
  headers.set("x-content-type-options", "nosniff");
};
