/** Enqueuing over HTTP: what a body must be, and what a task then is. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { maxBodyBytes } from "../../../src/http/request.ts";
import { findTask } from "../../../src/store/find.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { buildApp, postJson } from "../app-under-test.ts";
import type { Body } from "./task-steps.ts";

let database: TestDatabase;
let app: ReturnType<typeof buildApp>;
beforeAll(async () => {
  database = await createDatabase();
  app = buildApp(database.store);
});
afterAll(() => database.drop());

describe("POST /tasks", () => {
  test("enqueues a task with all that was asked for, and says where it is", async () => {
    const response = await app.request(
      "/tasks",
      postJson({
        name: "elsewhere",
        payload: { n: [1, null, "ç"] },
        queue: "slow",
        priority: -3,
        runAt: "2031-05-06T07:08:09-03:00",
        maxAttempts: 2,
        timeoutMs: 1500,
        serialKey: "company:7",
        backoff: "exponential:1000ms..60m~5%",
        title: "One of another worker's",
      }),
    );
    expect(response.status).toBe(201);
    const { id, ...rest } = (await response.json()) as Body;
    expect(rest).toEqual({
      name: "elsewhere",
      queue: "slow",
      runAt: "2031-05-06T10:08:09.000Z",
      outcome: "created",
    });
    expect(response.headers.get("location")).toBe(`/tasks/${id}`);
    expect(await findTask(database.store, id)).toMatchObject({
      name: "elsewhere",
      payload: { n: [1, null, "ç"] },
      queue: "slow",
      priority: -3,
      runAt: new Date("2031-05-06T10:08:09Z"),
      maxAttempts: 2,
      timeoutMs: 1500,
      serialKey: "company:7",
      backoff: "exponential:1s..1h~5%",
      title: "One of another worker's",
      state: "pending",
    });
  });

  test("takes a body that tells its length, a task or an array of them", async () => {
    const told = (body: unknown) => {
      const text = ` \n${JSON.stringify(body)}`;
      return postJson(text, { "content-length": String(Buffer.byteLength(text)) });
    };
    const one = await app.request("/tasks", told({ name: "elsewhere", payload: "ç" }));
    expect(one.status).toBe(201);
    const { id } = (await one.json()) as Body;
    expect((await findTask(database.store, id))?.payload).toBe("ç");
    const two = await app.request("/tasks", told([{ name: "elsewhere" }, { name: "elsewhere" }]));
    expect(await two.json()).toMatchObject({ total: 2, created: true });
  });

  test("takes a repeat, which the task then shows", async () => {
    const response = await app.request(
      "/tasks",
      postJson({
        name: "elsewhere",
        runAt: "2031-05-06T10:00:00Z",
        repeatMs: 3_600_000,
        repeatUntil: "2031-06-01T00:00:00-03:00",
        repeatAfterFailure: true,
      }),
    );
    const { id }: Body = await response.json();
    expect(await (await app.request(`/tasks/${id}`)).json()).toMatchObject({
      runAt: "2031-05-06T10:00:00.000Z",
      plannedAt: "2031-05-06T10:00:00.000Z",
      repeat: { everyMs: 3_600_000, until: "2031-06-01T03:00:00.000Z", afterFailure: true },
    });
  });

  test("checks the payload of a handler that this worker has", async () => {
    expect((await app.request("/tasks", postJson({ name: "greet", payload: { who: "Ana" } }))).status).toBe(
      201,
    );
    const refused = await app.request("/tasks", postJson({ name: "greet", payload: { who: 5 } }));
    expect(refused.status).toBe(400);
    expect(((await refused.json()) as Body).detail).toMatch(/^the payload is not greet's: who: /);
  });

  test("is 400, naming every fault, for what is no task", async () => {
    const faulty: [unknown, RegExp][] = [
      [{}, /name: /],
      [{ name: "no spaces" }, /name: the task's name may hold/],
      [{ name: "x", priority: 1.5, delay: 5 }, /priority: .*delay/],
      [{ name: "x", backoff: "hourly" }, /backoff: "hourly" is not one such as django/],
      [{ name: "x", delayMs: 1, runAt: "2031-01-01T00:00:00Z" }, /delayMs and runAt exclude each other/],
      [{ name: "x", repeatMs: 999 }, /repeatMs: /],
      [{ name: "x", repeatUntil: "2031-01-01T00:00:00Z" }, /need repeatMs/],
      [{ name: "x", after: [999_999_999] }, /after: there is no task 999999999 to wait for/],
      [{ name: "x", after: { batches: [999_999] } }, /after: there is no batch 999999 to wait for/],
      [{ name: "x", after: [] }, /after: names neither a task nor a batch/],
      [{ name: "x", after: [1.5, 0] }, /after.tasks.0: .*after.tasks.1: /],
      [
        { name: "x", after: Array.from({ length: 1001 }, (_, n) => n + 1) },
        /after.tasks: more than 1000 tasks/,
      ],
      [{ name: "x", after: { tasks: [1], onFailure: "stop" } }, /after.onFailure: /],
      [{ name: "x", after: 5 }, /after: /],
      [{ name: "x", payload: { zero: "\u0000" } }, /NUL/],
      ["null", /expected object/],
    ];
    for (const [body, detail] of faulty) {
      const response = await app.request("/tasks", postJson(body));
      expect(response.status).toBe(400);
      expect(((await response.json()) as Body).detail).toMatch(detail);
    }
  });

  test("is 400 for what is not JSON", async () => {
    const details = [];
    const bodies = ["{", "", Buffer.from([0x22, 0xff, 0x22])];
    // Those that tell their length are read at once, the others as they come.
    for (const [body, told] of bodies.flatMap((body) => [[body, true] as const, [body, false] as const])) {
      const headers = {
        "content-type": "application/json",
        ...(told && { "content-length": String(body.length) }),
      };
      const response = await app.request("/tasks", { method: "POST", headers, body });
      expect(response.status).toBe(400);
      details.push(((await response.json()) as Body).detail);
    }
    expect(details).toEqual([
      expect.stringMatching(/^the body is not JSON: /),
      expect.stringMatching(/^the body is not JSON: /),
      "the body is empty",
      "the body is empty",
      "the body is not JSON: it is not UTF-8",
      "the body is not JSON: it is not UTF-8",
    ]);
    expect((await app.request("/tasks", { method: "POST" })).status).toBe(400);
  });

  test("is 413 for a body that is too large, told in advance or not", async () => {
    const tooLarge = JSON.stringify({ name: "x", payload: "x".repeat(maxBodyBytes) });
    const told = { "content-length": String(tooLarge.length) };
    expect((await app.request("/tasks", postJson(tooLarge, told))).status).toBe(413);
    const untold = await app.request("/tasks", postJson(tooLarge));
    expect(untold.status).toBe(413);
  });

  test("takes the largest payload, and refuses one byte more", async () => {
    const withPayloadOf = (bytes: number) => postJson({ name: "large", payload: "x".repeat(bytes - 2) });
    expect((await app.request("/tasks", withPayloadOf(1024 * 1024))).status).toBe(201);
    const refused = await app.request("/tasks", withPayloadOf(1024 * 1024 + 1));
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      hint: "store the bulk elsewhere and enqueue a reference to it",
    });
  });
});
