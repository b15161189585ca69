/**
 * What all routes have in common: the index, the shape of errors, limits. Each route's own ways are in its own test.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { OperatorError } from "../../src/task/errors.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { buildApp, openUnreachableStore, postJson } from "./app-under-test.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test("GET / lists every route that is served", async () => {
  const response = await buildApp(database.store).request("/");
  expect(response.status).toBe(200);
  const { name, version, routes } = (await response.json()) as {
    name: string;
    version: string;
    routes: { method: string; path: string; about: string }[];
  };
  expect({ name, version }).toEqual({ name: "fiscaut-tasks", version: "1.2.3" });
  expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "GET /livez",
    "GET /readyz",
    "GET /health",
    "GET /tasks",
    "POST /tasks",
    "GET /tasks/:id",
    "GET /batches",
    "POST /batches",
    "GET /batches/:id",
    "POST /batches/:id/cancel",
    "POST /batches/:id/retry",
    "DELETE /batches/:id",
    "GET /tasks/:id/log",
    "POST /tasks/retry",
    "POST /tasks/cancel",
    "DELETE /tasks",
    "DELETE /tasks/:id",
    "PATCH /tasks/:id",
    "POST /tasks/:id/retry",
    "POST /tasks/:id/cancel",
    "GET /queues",
    "PATCH /queues/:name",
    "GET /schedules",
    "POST /schedules",
    "GET /schedules/:name",
    "DELETE /schedules/:name",
    "POST /schedules/:name/pause",
    "POST /schedules/:name/resume",
    "POST /schedules/:name/run-now",
    "GET /companies",
    "POST /companies/:code/enable",
    "POST /companies/:code/disable",
    "GET /sync",
    "GET /sync/records",
    "GET /sync/records/:company/:kind/:code",
    "POST /history/prune",
    "GET /log-level",
    "PATCH /log-level",
  ]);
});

test("no answer may be cached or taken for another type", async () => {
  const app = buildApp(database.store);
  for (const path of ["/", "/livez", "/tasks/1", "/nowhere"]) {
    const { headers } = await app.request(path);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test("HEAD answers as GET, without the body", async () => {
  const app = buildApp(database.store);
  for (const path of ["/", "/livez", "/readyz", "/health", "/tasks"]) {
    const response = await app.request(path, { method: "HEAD" });
    expect([path, response.status, await response.text()]).toEqual([path, 200, ""]);
  }
  expect((await app.request("/tasks/1", { method: "HEAD" })).status).toBe(404);
});

describe("errors are problem+json", () => {
  test("an unknown route is 404", async () => {
    for (const path of ["/nowhere", "/tasks/1/2/3", "/tasks/", "/LIVEZ"]) {
      const response = await buildApp(database.store).request(path);
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toEqual({
        type: "about:blank",
        title: "Not Found",
        status: 404,
        detail: `nothing is served at ${path}`,
        hint: "GET / lists the routes",
      });
    }
  });

  test("a wrong method is 405 and names the right ones", async () => {
    const app = buildApp(database.store);
    const allowed: [string, string, string][] = [
      ["PUT", "/tasks", "GET, HEAD, POST, DELETE"],
      ["PUT", "/tasks/1", "GET, HEAD, DELETE, PATCH"],
      ["GET", "/tasks/1/retry", "POST"],
      ["OPTIONS", "/tasks/1/cancel", "POST"],
      ["POST", "/health", "GET, HEAD"],
      ["PATCH", "/batches/1", "GET, HEAD, DELETE"],
      ["POST", "/", "GET, HEAD"],
    ];
    for (const [method, path, allow] of allowed) {
      const response = await app.request(path, { method });
      expect([path, response.status, response.headers.get("allow")]).toEqual([path, 405, allow]);
      expect(await response.json()).toMatchObject({ title: "Method Not Allowed", status: 405 });
    }
  });

  test("a database that can't be reached is 503 with Retry-After, and its address stays secret", async () => {
    const requests: [string, RequestInit][] = [
      ["/tasks", {}],
      ["/tasks/1", {}],
      ["/tasks?batch=1", {}],
      ["/batches/1", {}],
      ["/tasks", postJson({ name: "x" })],
      ["/tasks/1/retry", { method: "POST" }],
      ["/tasks/1/cancel", { method: "POST" }],
    ];
    for (const [path, init] of requests) {
      const store = openUnreachableStore();
      const response = await buildApp(store).request(path, init);
      await store.close();
      expect([path, response.status, response.headers.get("retry-after")]).toEqual([path, 503, "5"]);
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ status: 503, detail: "the database can't be reached" });
      expect(text).not.toMatch(/secret|127\.0\.0\.1|postgres:/);
    }
  });

  test("an error that nobody foresaw is a bare 500, and the log is given the whole of it", async () => {
    const faults: unknown[] = [];
    const fault = new OperatorError("config", "select * from postgres://u:secret@h/d");
    const app = buildApp(database.store, {
      status: () => {
        throw fault;
      },
      onFault: (error, request) => faults.push(error, request),
    });
    const response = await app.request("/readyz");
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ title: "Internal Server Error", status: 500 });
    expect(text).not.toMatch(/secret|select|\.ts/);
    expect(faults).toEqual([fault, { method: "GET", path: "/readyz" }]);
  });
});

test("a database that hangs is 503 after the limit, and a caller that enqueued is told that the end is unknown", async () => {
  const app = buildApp(database.store, { answerLimitMs: 50 });
  await database.store.sql.begin(async (sql) => {
    await sql`lock table fiscaut_tasks.task in access exclusive mode`;
    const read = await app.request("/tasks");
    expect([read.status, read.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await read.json()).toMatchObject({ detail: "no answer within 50 ms, the database hangs" });
    const enqueued = await app.request("/tasks", postJson({ name: "hangs" }));
    expect(await enqueued.json()).toMatchObject({
      status: 503,
      detail:
        "no answer within 50 ms, the database hangs or the body came too slowly; whether it was carried out is not known",
    });
  });
});
