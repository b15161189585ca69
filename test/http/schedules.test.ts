import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { findTask } from "../../src/store/find.ts";
import { syncFileSchedules } from "../../src/store/schedule/schedules.ts";
import { checkNewSchedule } from "../../src/task/doors/schedule.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { buildApp, postJson } from "./app-under-test.ts";
import { type Body, instantPattern } from "./tasks/task-steps.ts";

let database: TestDatabase;
let app: ReturnType<typeof buildApp>;
beforeAll(async () => {
  database = await createDatabase();
  app = buildApp(database.store);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.schedule`;
});

const nightly = { name: "nightly", cron: "0 3 * * *", task: { name: "greet", payload: { who: "Ana" } } };
const add = (fields: object = {}) => app.request("/schedules", postJson({ ...nightly, ...fields }));
const get = async (path: string): Promise<Body> => (await app.request(path)).json();
const post = (path: string) => app.request(path, { method: "POST" });

describe("POST /schedules", () => {
  test("defines a schedule and answers with all of it and its address", async () => {
    const response = await add({ timeZone: "America/New_York", missed: "all" });
    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe("/schedules/nightly");
    const schedule: Body = await response.json();
    expect(schedule).toEqual({
      id: expect.any(Number),
      name: "nightly",
      cron: "0 3 * * *",
      timeZone: "America/New_York",
      missed: "all",
      paused: false,
      file: null,
      task: expect.objectContaining({ name: "greet", payload: { who: "Ana" }, queue: "default" }),
      createdAt: expect.stringMatching(instantPattern),
      nextTickAt: expect.stringMatching(instantPattern),
      lastTickAt: null,
    });
    expect(await get("/schedules/nightly")).toEqual(schedule);
    expect(await get("/schedules")).toEqual({ schedules: [schedule] });
  });

  const wrong: [string, object, string][] = [
    ["a rule that is none", { cron: "often" }, "not a cron rule"],
    ["a time zone that is none", { timeZone: "Mars/Base" }, "not a time zone"],
    ["a payload that is not the handler's", { task: { name: "greet", payload: {} } }, "greet's"],
    ["an unknown member", { every: 5 }, "every"],
  ];
  for (const [what, fields, detail] of wrong)
    test(`refuses ${what}`, async () => {
      const response = await add(fields);
      expect(response.status).toBe(400);
      expect(((await response.json()) as Body).detail).toContain(detail);
    });
});

test("a schedule is paused, resumed, run now and removed", async () => {
  await add();
  expect(await (await post("/schedules/nightly/pause")).json()).toMatchObject({
    paused: true,
    nextTickAt: null,
  });
  expect(await (await post("/schedules/nightly/resume")).json()).toMatchObject({ paused: false });
  const run = await post("/schedules/nightly/run-now");
  expect(run.status).toBe(201);
  const { id }: Body = await run.json();
  expect(run.headers.get("location")).toBe(`/tasks/${id}`);
  expect(await findTask(database.store, id)).toMatchObject({ name: "greet", payload: { who: "Ana" } });
  expect((await app.request("/schedules/nightly", { method: "DELETE" })).status).toBe(200);
  expect(await get("/schedules")).toEqual({ schedules: [] });
  expect(await findTask(database.store, id)).toMatchObject({ state: "pending" });
});

test("a schedule that is unknown is 404, whatever is asked of it", async () => {
  const answers = await Promise.all([
    app.request("/schedules/none"),
    app.request("/schedules/none", { method: "DELETE" }),
    ...["pause", "resume", "run-now"].map((verb) => post(`/schedules/none/${verb}`)),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
});

test("a schedule of a configuration file can't be changed or removed, but paused", async () => {
  await syncFileSchedules(database.store, "host:/file.toml", [checkNewSchedule(nightly)]);
  expect((await add()).status).toBe(409);
  expect((await app.request("/schedules/nightly", { method: "DELETE" })).status).toBe(409);
  expect((await post("/schedules/nightly/pause")).status).toBe(200);
});
