/** Liveness, readiness and health: what each answers in which state of worker and database. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { WorkerReport } from "../../../src/http/health/worker-report.ts";
import { TaskMetrics } from "../../../src/http/metrics/task-metrics.ts";
import type { Store } from "../../../src/store/connection.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { countLimit } from "../../../src/store/figures.ts";
import { holdQueue, releaseQueue } from "../../../src/store/queue-hold.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { until } from "../../until.ts";
import { buildApp, openUnreachableStore, wellWorker } from "../app-under-test.ts";
import type { Body } from "../tasks/task-steps.ts";

let database: TestDatabase;
let unreachable: Store;
beforeAll(async () => {
  database = await createDatabase();
  unreachable = openUnreachableStore();
});
afterAll(async () => {
  await unreachable.close();
  await database.drop();
});

const noLease: WorkerReport = { ...wellWorker, workerId: undefined };
const stopping: WorkerReport = { ...wellWorker, stopping: true };

test("/livez passes whatever becomes of the database and the worker", async () => {
  const app = buildApp(unreachable, { status: () => noLease });
  const response = await app.request("/livez");
  expect([response.status, await response.json()]).toEqual([200, { status: "pass" }]);
});

describe("/readyz", () => {
  async function ask(store: Store, options: Parameters<typeof buildApp>[1]) {
    const response = await buildApp(store, options).request("/readyz");
    const { status, detail } = (await response.json()) as Body;
    return [response.status, detail ?? status];
  }

  test("passes when tasks would run", async () => {
    expect(await ask(database.store, {})).toEqual([200, "pass"]);
  });

  test("is 503 and says why when they would not", async () => {
    expect(await ask(unreachable, {})).toEqual([503, "the database can't be reached"]);
    expect(await ask(database.store, { status: () => noLease })).toEqual([503, "the worker holds no lease"]);
    expect(await ask(database.store, { status: () => stopping })).toEqual([503, "the worker is stopping"]);
  });
});

describe("/health", () => {
  async function ask(app: ReturnType<typeof buildApp>): Promise<[number, Body]> {
    const response = await app.request("/health");
    expect(response.headers.get("content-type")).toBe("application/health+json");
    return [response.status, await response.json()];
  }

  test("warns while the Fiscaut API is away, with the reason and since when; the worker is ready all the same", async () => {
    await holdQueue(database.store, "fiscaut", { reason: "the Fiscaut API does not answer", forMs: null });
    await holdQueue(database.store, "other", { reason: "away", forMs: 60_000 });
    const app = buildApp(database.store, { metrics: new TaskMetrics() });
    const [status, body] = await ask(app);
    expect([status, body.status]).toEqual([200, "warn"]);
    expect(body.output).toMatch(/^queue fiscaut is held since \d{4}-\S+Z: the Fiscaut API does not answer$/);
    expect(body.checks["fiscaut:api"]).toMatchObject([
      { status: "warn", since: expect.stringContaining("T"), until: null },
    ]);
    expect((await app.request("/readyz")).status).toBe(200);
    const metrics = await (await app.request("/metrics")).text();
    for (const queue of ["fiscaut", "other"])
      expect(metrics).toContain(`fiscaut_tasks_queue_held{queue="${queue}"} 1\n`);

    await releaseQueue(database.store, "fiscaut");
    const [, after] = await ask(buildApp(database.store));
    expect(after).toMatchObject({ status: "pass", checks: { "fiscaut:api": [{ status: "pass" }] } });
  });

  test("passes with figures of database, queue and worker", async () => {
    await registerWorker(database.store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
    await enqueueTask(database.store, checkNewTask({ name: "waits" }));
    await enqueueTask(database.store, checkNewTask({ name: "later", delayMs: 3_600_000 }));
    const startedAt = new Date(Date.now() - 90_000);
    const [status, body] = await ask(buildApp(database.store, { releaseId: "abc1234", startedAt }));
    expect([status, body.status]).toEqual([200, "pass"]);
    expect(body).toMatchObject({
      version: "1.2.3",
      releaseId: "abc1234",
      serviceId: "7",
      description: "fiscaut-tasks worker",
      checks: {
        uptime: [{ componentType: "system", observedUnit: "s", status: "pass" }],
        "database:responseTime": [{ componentType: "datastore", observedUnit: "ms", status: "pass" }],
        "queue:depth": [{ observedValue: 2, observedUnit: "tasks", countLimit }],
        "queue:oldestDueAge": [{ observedUnit: "ms" }],
        "worker:live": [{ observedValue: 1 }],
        "worker:lease": [{ observedValue: 7, status: "pass" }],
        "worker:running": [{ observedValue: 1, slots: 4 }],
        "worker:lastClaim": [{ observedValue: "2026-03-01T12:00:00.000Z", status: "pass" }],
      },
    });
    const observed = (name: string) => body.checks[name][0].observedValue;
    expect(observed("uptime")).toBeGreaterThanOrEqual(90);
    expect(observed("database:responseTime")).toBeGreaterThan(0);
    expect(observed("queue:oldestDueAge")).toBeGreaterThanOrEqual(0);
    expect(body).not.toHaveProperty("output");
  });

  test("fails when the database can't be reached, without telling where it is", async () => {
    const [status, body] = await ask(buildApp(unreachable));
    expect([status, body.status, body.output]).toEqual([503, "fail", "the database can't be reached"]);
    expect(body.checks).not.toHaveProperty("queue:depth");
    expect(JSON.stringify(body)).not.toMatch(/secret|127\.0\.0\.1/);
  });

  test("fails without a lease, and warns while stopping", async () => {
    const outcome = async (options: Parameters<typeof buildApp>[1]) => {
      const [status, body] = await ask(buildApp(database.store, options));
      return [status, body.status, body.output];
    };
    expect(await outcome({ status: () => noLease })).toEqual([503, "fail", "the worker holds no lease"]);
    expect(await outcome({ status: () => stopping })).toEqual([200, "warn", "the worker is stopping"]);
  });

  test("warns while the log file can't be written", async () => {
    const [status, body] = await ask(buildApp(database.store, { logFault: () => "can't be written (EIO)" }));
    expect([status, body.status, body.output]).toEqual([200, "warn", "the log file can't be written (EIO)"]);
  });

  test("fails when a worker with a free slot no longer claims", async () => {
    const app = buildApp(database.store, { claimLimitMs: 20 });
    const body = await until(async () => {
      const [status, seen] = await ask(app);
      return status === 503 ? seen : undefined;
    });
    expect(body.output).toBe("no claim for 0 s though a slot is free");
    expect(body.checks["worker:lastClaim"][0].status).toBe("fail");
  });
});
