/**
 * `GET /metrics`: what was counted (`task-metrics.ts`), the worker's slots, and the database as the health check saw
 * it last, so that a scrape costs the database no more than `/health` does.
 */
import { fiscautQueue } from "../../task/sync/record.ts";
import type { DatabaseCheck, DatabaseReading } from "../health/database-check.ts";
import type { WorkerReport } from "../health/worker-report.ts";
import type { Route } from "../route.ts";
import { expose, type Family, seriesOf } from "./exposition.ts";
import type { TaskMetrics } from "./task-metrics.ts";

export interface MetricsRouteOptions {
  /** Undefined: nothing is counted, and there is no such route. */
  metrics?: TaskMetrics | undefined;
  status: () => WorkerReport;
  version: string;
  releaseId?: string | undefined;
  startedAt: Date;
}

export function metricsRoutes(options: MetricsRouteOptions, database: DatabaseCheck): Route[] {
  const { metrics, status } = options;
  if (metrics === undefined) return [];
  return [
    {
      method: "GET",
      path: "/metrics",
      about: "counters and gauges for Prometheus",
      async handle(c) {
        const reading = await database.read();
        const families = [
          ...buildFamilies(options),
          ...metrics.families(),
          ...workerFamilies(status()),
          ...databaseFamilies(reading),
        ];
        return c.body(expose(families), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
      },
    },
  ];
}

const gauge = (name: string, help: string, value: number): Family => ({
  name: `fiscaut_tasks_${name}`,
  type: "gauge",
  help,
  samples: [[`fiscaut_tasks_${name}`, value]],
});

function buildFamilies({ version, releaseId = "unknown", startedAt }: MetricsRouteOptions): Family[] {
  const name = "fiscaut_tasks_build_info";
  const samples = [[seriesOf(name, { version, commit: releaseId }), 1]] as const;
  return [
    { name, type: "gauge", help: "What was built; always 1.", samples },
    gauge("start_time_seconds", "When this worker started, since 1970.", startedAt.getTime() / 1000),
    gauge("resident_memory_bytes", "Memory of this process.", process.memoryUsage.rss()),
  ];
}

function workerFamilies({ running, slots, workerId }: WorkerReport): Family[] {
  return [
    gauge("running", "Tasks that this worker runs now.", running),
    gauge("slots", "Tasks that it can run at once.", slots),
    gauge("lease_held", "1 while this worker may claim tasks.", workerId === undefined ? 0 : 1),
  ];
}

function databaseFamilies(reading: DatabaseReading): Family[] {
  const up = gauge("database_up", "1 when the database answered.", reading.ok ? 1 : 0);
  if (!reading.ok) return [up];
  const { depth, oldestDueMs, workers, holds } = reading.figures;
  const held = "fiscaut_tasks_queue_held";
  return [
    up,
    gauge("queue_depth", "Pending and running tasks of all queues; counting stops at 100000.", depth),
    gauge(
      "oldest_due_seconds",
      "How long the oldest due task has waited; 0: none waits.",
      (oldestDueMs ?? 0) / 1000,
    ),
    gauge("workers", "Workers with a lease, on all machines.", workers),
    {
      name: held,
      type: "gauge",
      help: "1 while workers hold the queue, because what its tasks need is away.",
      // Also while it is not held: an alert needs a series to look at.
      samples: [...new Set([fiscautQueue, ...holds.keys()])].map(
        (queue) => [seriesOf(held, { queue }), holds.has(queue) ? 1 : 0] as const,
      ),
    },
  ];
}
