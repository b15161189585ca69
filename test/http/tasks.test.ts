// The routes of tasks and batches, over a real database.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { maxBodyBytes } from "../../src/http/request.ts";
import { claimTasks } from "../../src/store/claim.ts";
import { completeTasks } from "../../src/store/complete.ts";
import { enqueueBatch, enqueueTask } from "../../src/store/enqueue.ts";
import { findTask } from "../../src/store/find.ts";
import { writeProgress } from "../../src/store/progress.ts";
import { registerWorker } from "../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../src/task/new-task.ts";
import type { Outcome } from "../../src/task/outcome.ts";
import { settle } from "../../src/task/settle.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { buildApp, postJson } from "./app-under-test.ts";

let database: TestDatabase;
let app: ReturnType<typeof buildApp>;
let workerId: number;
beforeAll(async () => {
  database = await createDatabase();
  app = buildApp(database.store);
  workerId = await registerWorker(database.store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
});
afterAll(() => database.drop());

const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
// biome-ignore lint/suspicious/noExplicitAny: bodies are judged member by member
type Body = any;
const get = async (path: string): Promise<Body> => (await app.request(path)).json();
const enqueue = async (task: NewTask) => (await enqueueTask(database.store, checkNewTask(task))).id;

async function claim(name: string) {
  const [task] = await claimTasks(database.store, { workerId, names: [name], queues: [], limit: 1 });
  if (task === undefined) throw new Error(`no task ${name} was there to claim`);
  return task;
}

async function runOnce(name: string, outcome: Outcome) {
  const task = await claim(name);
  await completeTasks(database.store, workerId, [
    { id: task.id, attempt: task.attempt, transition: settle(task, outcome) },
  ]);
}

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
        title: "One of another worker's",
      }),
    );
    expect(response.status).toBe(201);
    const { id, ...rest } = (await response.json()) as Body;
    expect(rest).toEqual({ name: "elsewhere", queue: "slow", runAt: "2031-05-06T10:08:09.000Z" });
    expect(response.headers.get("location")).toBe(`/tasks/${id}`);
    expect(await findTask(database.store, id)).toMatchObject({
      name: "elsewhere",
      payload: { n: [1, null, "ç"] },
      queue: "slow",
      priority: -3,
      runAt: new Date("2031-05-06T10:08:09Z"),
      maxAttempts: 2,
      timeoutMs: 1500,
      title: "One of another worker's",
      state: "pending",
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
      [{ name: "x", delayMs: 1, runAt: "2031-01-01T00:00:00Z" }, /delayMs and runAt exclude each other/],
      [{ name: "x", payload: { zero: "\u0000" } }, /NUL/],
      [[], /expected object/],
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
    for (const body of ["{", "", Buffer.from([0x22, 0xff, 0x22])]) {
      const headers = { "content-type": "application/json" };
      const response = await app.request("/tasks", { method: "POST", headers, body });
      expect(response.status).toBe(400);
      details.push(((await response.json()) as Body).detail);
    }
    expect(details).toEqual([
      expect.stringMatching(/^the body is not JSON: /),
      "the body is empty",
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

describe("GET /tasks/:id", () => {
  test("shows a pending task whole, its instants in UTC", async () => {
    const id = await enqueue({ name: "shown", payload: { a: 1 }, title: "Shown", timeoutMs: 100 });
    const task = await get(`/tasks/${id}`);
    expect(task).toEqual({
      id,
      name: "shown",
      queue: "default",
      title: "Shown",
      state: "pending",
      priority: 0,
      attempt: 0,
      maxAttempts: 25,
      timeoutMs: 100,
      batchId: null,
      workerId: null,
      createdAt: expect.stringMatching(instantPattern),
      runAt: expect.stringMatching(instantPattern),
      startedAt: null,
      finishedAt: null,
      progress: null,
      payload: { a: 1 },
      result: null,
      errors: [],
    });
  });

  test("shows who runs a task and how far it is", async () => {
    const id = await enqueue({ name: "running" });
    const { attempt } = await claim("running");
    await writeProgress(database.store, { id, attempt, workerId }, { fraction: 0.25, message: "a quarter" });
    expect(await get(`/tasks/${id}`)).toMatchObject({
      state: "running",
      attempt: 1,
      workerId,
      startedAt: expect.stringMatching(instantPattern),
      progress: { fraction: 0.25, message: "a quarter" },
    });
  });

  test("shows a result, and errors with time, message and stack", async () => {
    const id = await enqueue({ name: "stumbles" });
    await runOnce("stumbles", {
      kind: "errored",
      error: { message: "boom", stack: "Error: boom\n at x" },
      retryAfterMs: 0,
    });
    await runOnce("stumbles", { kind: "succeeded", result: { sent: 3 } });
    expect(await get(`/tasks/${id}`)).toMatchObject({
      state: "succeeded",
      attempt: 2,
      result: { sent: 3 },
      finishedAt: expect.stringMatching(instantPattern),
      errors: [
        {
          attempt: 1,
          at: expect.stringMatching(instantPattern),
          workerId,
          message: "boom",
          stack: "Error: boom\n at x",
        },
      ],
    });
  });

  test("is 404 for an unknown id and 400 for what is none", async () => {
    expect((await app.request("/tasks/999999999999999")).status).toBe(404);
    for (const id of ["abc", "0", "-1", "1.5", "1e3", "01", "9999999999999999", "%31x"])
      expect([id, (await app.request(`/tasks/${id}`)).status]).toEqual([id, 400]);
  });
});

describe("GET /tasks", () => {
  test("lists the newest first, page by page, and keeps the filters from page to page", async () => {
    const ids = [];
    for (let n = 0; n < 5; n++) ids.push(await enqueue({ name: "paged", queue: "paging", title: `${n}` }));
    await enqueue({ name: "other", queue: "paging" });
    const pages: number[][] = [];
    let next: string | null = "/tasks?name=paged&queue=paging&state=pending&limit=2";
    while (next !== null) {
      const page: Body = await get(next);
      pages.push(page.tasks.map((task: Body) => task.id));
      next = page.next;
    }
    const [a, b, c, d, e] = ids as [number, number, number, number, number];
    expect(pages).toEqual([[e, d], [c, b], [a]]);
  });

  test("has no next page when the last one is full", async () => {
    await enqueue({ name: "exact" });
    await enqueue({ name: "exact" });
    expect(await get("/tasks?name=exact&limit=2")).toMatchObject({ tasks: [{}, {}], next: null });
    expect(await get("/tasks?name=exact&before=1")).toEqual({ tasks: [], next: null });
  });

  test("shows of each task one line: the newest error, no payload, no stack", async () => {
    await enqueue({ name: "listed", payload: { large: "x" }, maxAttempts: 1 });
    await runOnce("listed", { kind: "errored", error: { message: "boom", stack: "secret stack" } });
    const { tasks } = await get("/tasks?name=listed&state=failed");
    expect(tasks).toEqual([
      expect.objectContaining({
        name: "listed",
        state: "failed",
        attempt: 1,
        error: { attempt: 1, at: expect.stringMatching(instantPattern), message: "boom" },
      }),
    ]);
    for (const absent of ["payload", "result", "errors", "stack"])
      expect(tasks[0]).not.toHaveProperty(absent);
  });

  test("filters by each state", async () => {
    for (const outcome of ["succeeded", "failed", "cancelled"] as const) {
      await enqueue({ name: "each" });
      await runOnce(
        "each",
        outcome === "succeeded"
          ? { kind: outcome, result: null }
          : outcome === "failed"
            ? { kind: outcome, error: { message: "no", stack: null } }
            : { kind: outcome },
      );
    }
    await enqueue({ name: "each" });
    await claim("each");
    await enqueue({ name: "each" });
    for (const state of ["pending", "running", "succeeded", "failed", "cancelled"])
      expect(await get(`/tasks?name=each&state=${state}`)).toMatchObject({ tasks: [{ state }], next: null });
    expect((await get("/tasks?name=each")).tasks).toHaveLength(5);
  });

  test("is 400 for what it doesn't know, and names it", async () => {
    const faulty: [string, RegExp][] = [
      ["status=failed", /"status"/],
      ["state=done", /state: /],
      ["name=a%20b", /name: /],
      ["queue=", /queue: /],
      ["batch=x", /batch: expected an id/],
      ["limit=0", /limit: expected a whole number from 1 to 500/],
      ["limit=501", /limit: /],
      ["limit=1e2", /limit: /],
      ["before=-1", /before: /],
      ["state=failed&state=running", /given more than once: state/],
      ["limit=x&before=y", /limit: .*before: /],
    ];
    for (const [query, detail] of faulty) {
      const response = await app.request(`/tasks?${query}`);
      expect([query, response.status]).toEqual([query, 400]);
      const body = (await response.json()) as Body;
      expect(body.detail).toMatch(detail);
      expect(body.hint).toBe("the query's parameters are state, name, queue, batch, limit, before");
    }
    expect((await app.request("/tasks?limit=500")).status).toBe(200);
    for (const path of ["/tasks/1?full=1", "/batches/1?full=1"])
      expect((await app.request(path)).status).toBe(400);
  });
});

describe("batches", () => {
  test("show their totals alone and beside their tasks", async () => {
    const batch = await enqueueBatch(
      database.store,
      { title: "Suppliers of 7", skipped: { "no CNPJ": 2 }, enqueuedBy: null },
      [1, 2, 3].map((n) => checkNewTask({ name: "batched", payload: { n } })),
    );
    await runOnce("batched", { kind: "succeeded", result: null });
    const totals = {
      id: batch.id,
      title: "Suppliers of 7",
      createdAt: expect.stringMatching(instantPattern),
      total: 3,
      skipped: { "no CNPJ": 2 },
      states: { pending: 2, running: 0, succeeded: 1, failed: 0, cancelled: 0 },
      retrying: 0,
      complete: false,
    };
    expect(await get(`/batches/${batch.id}`)).toEqual(totals);
    const first = await get(`/tasks?batch=${batch.id}&limit=2`);
    expect(first.batch).toEqual(totals);
    expect(first.tasks).toHaveLength(2);
    expect(await get(first.next)).toMatchObject({
      tasks: [{ batchId: batch.id }],
      next: null,
      batch: totals,
    });
  });

  test("that are unknown are 404, also as a filter", async () => {
    for (const path of ["/batches/999999", "/tasks?batch=999999"]) {
      const response = await app.request(path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ detail: "there is no batch 999999" });
    }
    expect((await app.request("/batches/x")).status).toBe(400);
  });
});

describe("POST /tasks/:id/retry", () => {
  const retry = (id: number | string) => app.request(`/tasks/${id}/retry`, { method: "POST" });

  test("makes a failed task pending again", async () => {
    const id = await enqueue({ name: "again" });
    await runOnce("again", { kind: "failed", error: { message: "422", stack: null } });
    const response = await retry(id);
    expect([response.status, await response.json()]).toEqual([200, { id, state: "pending" }]);
    expect(await get(`/tasks/${id}`)).toMatchObject({
      state: "pending",
      attempt: 1,
      errors: [{ message: "422" }],
    });
  });

  test("is 409 with the state for a task that runs or has succeeded, and 404 for none", async () => {
    const id = await enqueue({ name: "busy" });
    const task = await claim("busy");
    const running = await retry(id);
    expect(running.status).toBe(409);
    expect(await running.json()).toMatchObject({
      title: "Conflict",
      detail: `task ${id} is running: only a pending, failed or cancelled task can be retried`,
      state: "running",
    });
    const transition = settle(task, { kind: "succeeded", result: null });
    await completeTasks(database.store, workerId, [{ id, attempt: task.attempt, transition }]);
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
    const id = await enqueue({ name: "unwanted" });
    const response = await cancel(id);
    expect([response.status, await response.json()]).toEqual([200, { id, state: "cancelled" }]);
    expect(await get(`/tasks/${id}`)).toMatchObject({ state: "cancelled" });
  });

  test("asks for the abort of a running one, and says where to look", async () => {
    const id = await enqueue({ name: "underway" });
    await claim("underway");
    const response = await cancel(id);
    expect([response.status, response.headers.get("location")]).toEqual([202, `/tasks/${id}`]);
    expect(await response.json()).toEqual({ id, state: "running", cancelRequested: true });
  });

  test("is 409 with the state for a finished task, and 404 for none", async () => {
    const id = await enqueue({ name: "over" });
    await runOnce("over", { kind: "succeeded", result: null });
    const response = await cancel(id);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ state: "succeeded" });
    expect((await cancel(999999)).status).toBe(404);
    expect((await cancel("x")).status).toBe(400);
  });
});
