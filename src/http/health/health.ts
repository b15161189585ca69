/**
 * How this worker is, for orchestrators (`/livez`, `/readyz`) and for monitoring (`/health`). The database is
 * asked through `database-check.ts` alone, which bounds what asking costs.
 */
import { unavailable } from "../problem.ts";
import type { Route } from "../route.ts";
import { ClaimWatch, defaultClaimLimitMs } from "./claim-watch.ts";
import type { DatabaseCheck } from "./database-check.ts";
import { type HealthOptions, healthBody } from "./health-body.ts";
import type { WorkerReport } from "./worker-report.ts";

export interface HealthRoutesOptions extends HealthOptions {
  status: () => WorkerReport;
  /** A worker with a free slot that has not claimed for this long is sick: well above its poll interval. */
  claimLimitMs?: number | undefined;
}

export function healthRoutes(options: HealthRoutesOptions, database: DatabaseCheck): Route[] {
  const { status } = options;
  const claims = new ClaimWatch(options.claimLimitMs ?? defaultClaimLimitMs);

  /** Why no task would run here now; undefined when one would. */
  async function whyNotReady(): Promise<string | undefined> {
    if (status().stopping) return "the worker is stopping";
    const reading = await database.read();
    if (!reading.ok) return reading.fault;
    return status().workerId === undefined ? "the worker holds no lease" : undefined;
  }

  return [
    {
      method: "GET",
      path: "/livez",
      about: "whether the process answers; never touches the database",
      handle: (c) => c.json({ status: "pass" }),
    },
    {
      method: "GET",
      path: "/readyz",
      about: "whether tasks would run here now, else why not",
      async handle(c) {
        const why = await whyNotReady();
        if (why !== undefined) throw unavailable(why);
        return c.json({ status: "pass" });
      },
    },
    {
      method: "GET",
      path: "/health",
      about: "database, queue and worker in figures",
      async handle(c) {
        const reading = await database.read();
        const worker = status();
        const body = healthBody(options, {
          at: new Date(),
          worker,
          reading,
          unclaimedMs: claims.look(worker, performance.now()),
        });
        return c.body(JSON.stringify(body), body.status === "fail" ? 503 : 200, {
          "content-type": "application/health+json",
        });
      },
    },
  ];
}
