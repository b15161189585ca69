/** Retry and cancel over HTTP. What they do to a task is the store's, and tested there. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { buildApp, postJson } from "../app-under-test.ts";
import { type Body, createSteps, type Steps } from "./task-steps.ts";

let database: TestDatabase;
let app: ReturnType<typeof buildApp>;
let steps: Steps;
beforeAll(async () => {
  database = await createDatabase();
  app = buildApp(database.store);
  steps = await createSteps(database.store);
});
afterAll(() => database.drop());

const get = async (path: string): Promise<Body> => (await app.request(path)).json();

describe("POST /tasks/:id/retry", () => {
  const retry = (id: number | string) => app.request(`/tasks/${id}/retry`, { method: "POST" });

  test("makes a failed task pending again", async () => {
    const id = await steps.enqueue({ name: "again" });
    await steps.runOnce("again", { kind: "failed", error: { message: "422", stack: null } });
    const response = await retry(id);
    expect([response.status, await response.json()]).toEqual([200, { id, state: "pending" }]);
    expect(await get(`/tasks/${id}`)).toMatchObject({
      state: "pending",
      attempt: 1,
      errors: [{ message: "422" }],
    });
  });

  test("is 409 with the state for a task that runs or has succeeded, and 404 for none", async () => {
    const id = await steps.enqueue({ name: "busy" });
    const task = await steps.claim("busy");
    const running = await retry(id);
    expect(running.status).toBe(409);
    expect(await running.json()).toMatchObject({
      title: "Conflict",
      detail: `task ${id} is running: only a pending, failed or cancelled task can be retried`,
      state: "running",
    });
    await steps.complete(task, { kind: "succeeded", result: null });
    expect(await (await retry(id)).json()).toMatchObject({ status: 409, state: "succeeded" });
    expect((await retry(999999)).status).toBe(404);
    expect((await retry("x")).status).toBe(400);
  });

  test("takes no query", async () => {
    expect((await app.request("/tasks/1/retry?force=1", { method: "POST" })).status).toBe(400);
  });
});

describe("POST /tasks/:id/cancel", () => {
  const cancel = (id: number | string) => app.request(`/tasks/${id}/cancel`, { method: "POST" });

  test("cancels a pending task at once", async () => {
    const id = await steps.enqueue({ name: "unwanted" });
    const response = await cancel(id);
    expect([response.status, await response.json()]).toEqual([200, { id, state: "cancelled" }]);
    expect(await get(`/tasks/${id}`)).toMatchObject({ state: "cancelled" });
  });

  test("asks for the abort of a running one, and says where to look", async () => {
    const id = await steps.enqueue({ name: "underway" });
    await steps.claim("underway");
    const response = await cancel(id);
    expect([response.status, response.headers.get("location")]).toEqual([202, `/tasks/${id}`]);
    expect(await response.json()).toEqual({ id, state: "running", cancelRequested: true });
  });

  test("is 409 with the state for a finished task, and 404 for none", async () => {
    const id = await steps.enqueue({ name: "over" });
    await steps.runOnce("over", { kind: "succeeded", result: null });
    const response = await cancel(id);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ state: "succeeded" });
    expect((await cancel(999999)).status).toBe(404);
    expect((await cancel("x")).status).toBe(400);
  });
});

describe("control by a filter", () => {
  const ask = async (method: string, path: string) => {
    const response = await app.request(path, { method });
    return [response.status, (await response.json()) as Body] as const;
  };

  test("counts first, then cancels, retries and deletes what matches", async () => {
    for (let i = 0; i < 3; i++) await steps.enqueue({ name: "many" });
    await steps.claim("many");
    const counts = { total: 3, states: { pending: 2, running: 1 }, complete: true };
    expect(await ask("POST", "/tasks/cancel?name=many&dryRun=true")).toEqual([
      200,
      { dryRun: true, ...counts },
    ]);
    expect(await ask("POST", "/tasks/cancel?name=many")).toEqual([200, { dryRun: false, ...counts }]);
    expect((await ask("POST", "/tasks/retry?name=many&state=cancelled"))[1]).toMatchObject({ total: 2 });
    expect((await ask("DELETE", "/tasks?name=many"))[1]).toMatchObject({ states: { pending: 2 } });
  });

  test("is 400 without a filter, unless all are asked for", async () => {
    for (const [method, path] of [
      ["POST", "/tasks/cancel"],
      ["DELETE", "/tasks"],
      ["POST", "/tasks/retry?all=true&name=x"],
      ["POST", "/tasks/cancel?state=failed"],
    ] as const)
      expect([path, (await ask(method, path))[0]]).toEqual([path, 400]);
    expect((await ask("POST", "/tasks/retry?all=true&dryRun=true"))[0]).toBe(200);
  });
});

describe("PATCH and DELETE /tasks/:id", () => {
  const patch = (id: number, body: unknown) =>
    app.request(`/tasks/${id}`, { ...postJson(body), method: "PATCH" });

  test("change a pending task, holding its payload to the handler's schema", async () => {
    const id = await steps.enqueue({ name: "greet", payload: { who: "a" }, delayMs: 60_000 });
    expect((await patch(id, { payload: { who: 5 } })).status).toBe(400);
    expect((await patch(id, { title: "x" })).status).toBe(400);
    expect((await patch(id, { payload: { who: "b" }, priority: 3, delayMs: 0 })).status).toBe(200);
    expect(await get(`/tasks/${id}`)).toMatchObject({ payload: { who: "b" }, priority: 3 });
    await steps.claim("greet");
    expect((await patch(id, { priority: 4 })).status).toBe(409);
    expect((await patch(999999, { priority: 4 })).status).toBe(404);
  });

  test("delete a finished task for good, and refuse a running one", async () => {
    const id = await steps.enqueue({ name: "doomed" });
    const task = await steps.claim("doomed");
    expect((await app.request(`/tasks/${id}`, { method: "DELETE" })).status).toBe(409);
    await steps.complete(task, { kind: "succeeded", result: null });
    expect(await (await app.request(`/tasks/${id}`, { method: "DELETE" })).json()).toEqual({
      id,
      state: "deleted",
    });
    expect((await app.request(`/tasks/${id}`)).status).toBe(404);
  });
});
