/**
 * The body of `/health`, after draft-inadarei-api-health-check-06. Pure: what was observed goes in, the document
 * comes out. Observing is `health.ts`'s work.
 */
import { countLimit } from "../../store/figures.ts";
import { fiscautQueue } from "../../task/sync/record.ts";
import type { DatabaseReading } from "./database-check.ts";
import type { WorkerReport } from "./worker-report.ts";

export interface HealthOptions {
  /** The product's, as `--version` prints it. */
  version: string;
  /** What exactly was built: the commit. */
  releaseId?: string | undefined;
  startedAt: Date;
  /** Why the log file can't be written, in words that follow it; undefined: it can, or there is none. */
  logFault?: () => string | undefined;
}

export interface Observations {
  at: Date;
  worker: WorkerReport;
  reading: DatabaseReading;
  /** How long the worker has failed to claim, if it has. */
  unclaimedMs: number | undefined;
}

/**
 * fail: no task would run here, 503. warn: the worker is stopping, which is in order, or held up by a handler, or the
 * Fiscaut API is away.
 */
export type HealthStatus = "pass" | "warn" | "fail";

interface Check {
  componentType: "system" | "datastore" | "component";
  observedValue?: number | string | null;
  observedUnit?: string;
  status: HealthStatus;
  time: Date;
  /** Why it does not pass. */
  output?: string | undefined;
  [member: string]: unknown;
}

export function healthBody(options: HealthOptions, seen: Observations) {
  const checks: Record<string, Check[]> = {
    uptime: [
      {
        componentType: "system",
        observedValue: Math.max(0, (seen.at.getTime() - options.startedAt.getTime()) / 1000),
        observedUnit: "s",
        status: "pass",
        time: seen.at,
      },
    ],
    ...databaseChecks(seen.reading),
    ...workerChecks(seen),
    ...logChecks(options.logFault?.(), seen.at),
  };
  const all = Object.values(checks).flat();
  const status = worst(all.map((check) => check.status));
  const outputs = all.flatMap((check) => check.output ?? []);
  return {
    status,
    version: options.version,
    releaseId: options.releaseId,
    serviceId: seen.worker.workerId === undefined ? undefined : String(seen.worker.workerId),
    description: "fiscaut-tasks worker",
    output: outputs.length > 0 ? outputs.join("; ") : undefined,
    checks,
  };
}

function databaseChecks(reading: DatabaseReading): Record<string, Check[]> {
  const time = reading.at;
  const responseTime: Check = {
    componentType: "datastore",
    observedValue: reading.elapsedMs,
    observedUnit: "ms",
    status: reading.ok ? "pass" : "fail",
    time,
    output: reading.ok ? undefined : reading.fault,
  };
  if (!reading.ok) return { "database:responseTime": [responseTime] };

  const component = { componentType: "component", status: "pass", time } as const;
  const { depth, oldestDueMs, workers, holds } = reading.figures;
  const hold = holds.get(fiscautQueue);
  return {
    "database:responseTime": [responseTime],
    // Pending and running tasks of all queues. Counting stops at the limit, so that the check stays cheap.
    "queue:depth": [{ ...component, observedValue: depth, observedUnit: "tasks", countLimit }],
    // Null: no due task waits.
    "queue:oldestDueAge": [{ ...component, observedValue: oldestDueMs, observedUnit: "ms" }],
    // Those with a lease, on all machines.
    "worker:live": [{ ...component, observedValue: workers, observedUnit: "workers" }],
    // As the workers found it, all machines: while it is away, they hold the queue of its tasks.
    "fiscaut:api": [
      hold === undefined
        ? component
        : {
            ...component,
            status: "warn",
            since: hold.since,
            until: hold.until,
            output: `queue ${fiscautQueue} is held since ${hold.since.toISOString()}: ${hold.reason}`,
          },
    ],
  };
}

function workerChecks({ worker, at: time, unclaimedMs }: Observations): Record<string, Check[]> {
  const component = { componentType: "component", time } as const;
  const lease: Pick<Check, "status" | "output"> = worker.stopping
    ? { status: "warn", output: "the worker is stopping" }
    : worker.workerId === undefined
      ? { status: "fail", output: "the worker holds no lease" }
      : { status: "pass" };
  const claim: Pick<Check, "status" | "output"> =
    unclaimedMs === undefined
      ? { status: "pass" }
      : { status: "fail", output: `no claim for ${Math.round(unclaimedMs / 1000)} s though a slot is free` };
  const deafSeconds = Math.round(worker.handlersDeafMs / 1000);
  return {
    // A handler that blocks its thread holds the others up; heartbeat, health and time-outs go on.
    "worker:handlers": [
      {
        ...component,
        observedValue: worker.handlersDeafMs,
        observedUnit: "ms",
        ...(worker.handlersDeafMs > 0
          ? {
              status: "warn",
              output: `the handlers have not answered for ${deafSeconds} s: one of them blocks the others, or their files are being loaded`,
            }
          : { status: "pass" }),
      },
    ],
    "worker:lease": [{ ...component, observedValue: worker.workerId ?? null, ...lease }],
    "worker:running": [
      {
        ...component,
        observedValue: worker.running,
        observedUnit: "tasks",
        status: "pass",
        slots: worker.slots,
      },
    ],
    "worker:lastClaim": [
      { ...component, observedValue: worker.lastClaimAt?.toISOString() ?? null, ...claim },
    ],
  };
}

/** Tasks run all the same. */
function logChecks(fault: string | undefined, time: Date): Record<string, Check[]> {
  if (fault === undefined) return {};
  return {
    "log:file": [{ componentType: "system", status: "warn", time, output: `the log file ${fault}` }],
  };
}

function worst(statuses: HealthStatus[]): HealthStatus {
  return statuses.includes("fail") ? "fail" : statuses.includes("warn") ? "warn" : "pass";
}
