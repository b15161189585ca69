/** Keys and the order of priorities over HTTP. What the rules do is the store's affair, and tested there. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { findTask } from "../../../src/store/find.ts";
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

async function post(body: object, to = app) {
  const response = await to.request("/tasks", postJson(body));
  return {
    status: response.status,
    location: response.headers.get("location"),
    body: (await response.json()) as Body,
  };
}

describe("POST /tasks with a key", () => {
  test("is 201 where a task was added, 200 with the live one's id and place where none was", async () => {
    const first = await post({ name: "a", key: "k", payload: 1 });
    expect([first.status, first.body.outcome]).toEqual([201, "created"]);
    const second = await post({ name: "a", key: "k", payload: 2 });
    expect(second).toEqual({
      status: 200,
      location: `/tasks/${first.body.id}`,
      body: { ...first.body, outcome: "skipped" },
    });
    const moved = await post({ name: "a", key: "k", delayMs: 60_000, onConflict: "reschedule" });
    expect(moved).toMatchObject({ status: 200, body: { id: first.body.id, outcome: "rescheduled" } });
    const replaced = await post({ name: "a", key: "k", payload: 3, onConflict: "replace" });
    expect(replaced).toMatchObject({ status: 201, body: { outcome: "replaced" } });
    expect(await (await app.request(`/tasks/${replaced.body.id}`)).json()).toMatchObject({
      key: "k",
      payload: 3,
    });
  });

  test("makes it of the payload when asked", async () => {
    const first = await post({ name: "a", payload: { x: 1, y: 2 }, keyOf: "payload" });
    const second = await post({ name: "a", payload: { y: 2, x: 1 }, keyOf: "payload" });
    expect(second).toMatchObject({ status: 200, body: { id: first.body.id } });
  });

  test("is 400 for a rule without a key", async () => {
    expect(await post({ name: "a", onConflict: "skip" })).toMatchObject({
      status: 400,
      body: { detail: "onConflict needs a key or keyOf" },
    });
  });
});

test("the retry of a task whose key a live one has is 409, naming that one", async () => {
  const id = await steps.enqueue({ name: "failing", key: "taken" });
  await steps.runOnce("failing", { kind: "failed", error: { message: "422", stack: null } });
  const holder = await steps.enqueue({ name: "failing", key: "taken" });
  const response = await app.request(`/tasks/${id}/retry`, { method: "POST" });
  expect(response.status).toBe(409);
  expect(((await response.json()) as Body).detail).toContain(`task ${holder} is live and has its key`);
});

test("with the order nice the lower priority runs first, and is shown as it was given", async () => {
  const nice = buildApp(database.store, { priorityOrder: "nice" });
  const late = await post({ name: "ordered", priority: 5 }, nice);
  const early = await post({ name: "ordered", priority: -5 }, nice);
  expect((await findTask(database.store, early.body.id))?.priority).toBe(5);
  expect(await (await nice.request(`/tasks/${early.body.id}`)).json()).toMatchObject({ priority: -5 });
  const { tasks } = (await (await nice.request("/tasks?name=ordered")).json()) as Body;
  expect(tasks.map(({ priority }: Body) => priority)).toEqual([-5, 5]);
  expect([(await steps.claim("ordered")).id, (await steps.claim("ordered")).id]).toEqual([
    early.body.id,
    late.body.id,
  ]);
});
