/** Queues over HTTP. What pausing and limiting do to claims is the store's, and tested there. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { holdQueue } from "../../src/store/queue-hold.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { buildApp, postJson } from "./app-under-test.ts";
import { type Body, createSteps } from "./tasks/task-steps.ts";

let database: TestDatabase;
let app: ReturnType<typeof buildApp>;
beforeAll(async () => {
  database = await createDatabase();
  app = buildApp(database.store);
});
afterAll(() => database.drop());

const patch = async (name: string, body: unknown) => {
  const response = await app.request(`/queues/${name}`, { ...postJson(body), method: "PATCH" });
  return { status: response.status, body: (await response.json()) as Body };
};
const list = async () => ((await (await app.request("/queues")).json()) as Body).queues;

test("GET /queues shows each queue's pause, limits, and what waits and runs", async () => {
  expect(await list()).toEqual([]);
  const steps = await createSteps(database.store);
  await steps.enqueue({ name: "a", queue: "seen" });
  await steps.enqueue({ name: "a", queue: "seen" });
  await steps.claim("a");
  expect(await list()).toEqual([
    {
      name: "seen",
      paused: false,
      held: null,
      maxRunning: null,
      rate: null,
      history: "all",
      waiting: 1,
      running: 1,
    },
  ]);
});

test("PATCH changes what is given, leaves the rest, and makes a queue that is new", async () => {
  const made = {
    name: "new",
    paused: true,
    held: null,
    maxRunning: null,
    rate: null,
    history: "all",
    waiting: 0,
    running: 0,
  };
  expect(await patch("new", { paused: true })).toEqual({ status: 200, body: made });
  expect(await patch("new", { maxRunning: 3 })).toMatchObject({ body: { ...made, maxRunning: 3 } });
  expect(await patch("new", { rate: "120/2m", paused: false })).toMatchObject({
    body: { ...made, paused: false, maxRunning: 3, rate: "120/2m" },
  });
  expect(await patch("new", { maxRunning: null })).toMatchObject({
    body: { maxRunning: null, rate: "120/2m" },
  });
  expect(await patch("new", { history: "failures" })).toMatchObject({
    body: { history: "failures", rate: "120/2m" },
  });
  expect(await patch("new", { rate: null })).toMatchObject({ body: { maxRunning: null, rate: null } });
  expect(await list()).toHaveLength(2);
});

test("GET /queues shows why and since when a queue is held", async () => {
  await holdQueue(database.store, "new", { reason: "away", forMs: 60_000 });
  const held = { reason: "away", since: expect.stringContaining("T"), until: expect.stringContaining("T") };
  expect(await list()).toContainEqual(expect.objectContaining({ name: "new", held }));
});

test("PATCH refuses the rate of the queue whose rate is a setting with 409, and takes its other limits", async () => {
  expect(await patch("fiscaut", { rate: "60/1m" })).toMatchObject({
    status: 409,
    body: {
      detail: expect.stringContaining("the rate of queue fiscaut is the setting fiscaut-rate (FISCAUT_RATE)"),
    },
  });
  expect(await patch("fiscaut", { maxRunning: 2 })).toMatchObject({ status: 200, body: { maxRunning: 2 } });
});

const wrong: [string, string, unknown, string][] = [
  ["a name that no queue can have", "a b", { paused: true }, "queue's name"],
  ["nothing to change", "q", {}, "nothing to change"],
  ["an unknown member", "q", { pause: true }, "pause"],
  ["a max-running of 0", "q", { maxRunning: 0 }, "maxRunning"],
  ["a rate that is none", "q", { rate: "fast" }, '"fast" is not a rate'],
  ["a rule of the history that is none", "q", { history: "off" }, "history"],
  ["a rate out of bounds", "q", { rate: "5000/1s" }, "out of bounds"],
];
for (const [what, name, body, message] of wrong) {
  test(`PATCH refuses ${what} with 400`, async () => {
    const answer = await patch(encodeURIComponent(name), body);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain(message);
  });
}

test("PATCH refuses a body that is not announced as JSON, as a form of another site would send", async () => {
  const response = await app.request("/queues/q", {
    method: "PATCH",
    body: `{"paused": true}`,
    headers: { "content-type": "text/plain" },
  });
  expect(response.status).toBe(415);
});
