/** The routes that show tasks and batches, over a real database. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeReports } from "../../../src/store/attempt/reports.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { buildApp } from "../app-under-test.ts";
import { type Body, createSteps, instantPattern, type Steps } from "./task-steps.ts";

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

describe("GET /tasks/:id", () => {
  test("shows a pending task whole, its instants in UTC", async () => {
    const id = await steps.enqueue({
      name: "shown",
      payload: { a: 1 },
      title: "Shown",
      timeoutMs: 100,
      backoff: "fixed:60s",
    });
    const task = await get(`/tasks/${id}`);
    expect(task).toEqual({
      id,
      name: "shown",
      queue: "default",
      title: "Shown",
      key: null,
      state: "pending",
      priority: 0,
      attempt: 0,
      maxAttempts: 25,
      timeoutMs: 100,
      serialKey: null,
      backoff: "fixed:1m",
      batchId: null,
      workerId: null,
      createdAt: expect.stringMatching(instantPattern),
      runAt: expect.stringMatching(instantPattern),
      startedAt: null,
      finishedAt: null,
      progress: null,
      etaSeconds: null,
      scheduleId: null,
      plannedAt: null,
      repeat: null,
      waiting: false,
      after: null,
      waitsFor: [],
      payload: { a: 1 },
      result: null,
      errors: [],
    });
  });

  test("shows what a task waits for", async () => {
    const first = await steps.enqueue({ name: "goes-first" });
    const id = await steps.enqueue({ name: "waits", after: { tasks: [first], onFailure: "ignore" } });
    expect(await get(`/tasks/${id}`)).toMatchObject({
      state: "pending",
      waiting: true,
      after: { tasks: [first], batches: [], onFailure: "ignore" },
      waitsFor: [{ taskId: first, state: "pending" }],
    });
    expect(await get("/tasks?name=waits")).toMatchObject({ tasks: [{ id, waiting: true }] });
    await steps.complete(await steps.claim("goes-first"), { kind: "succeeded", result: null });
  });

  test("shows who runs a task and how far it is", async () => {
    const id = await steps.enqueue({ name: "running" });
    const { attempt, claimedAt } = await steps.claim("running");
    const progress = { fraction: 0.25, message: "a quarter" };
    const { workerId } = steps;
    await writeReports(database.store, [{ id, attempt, workerId, claimedAt, lines: [], progress }]);
    expect(await get(`/tasks/${id}`)).toMatchObject({
      state: "running",
      attempt: 1,
      workerId: steps.workerId,
      startedAt: expect.stringMatching(instantPattern),
      progress: { fraction: 0.25, message: "a quarter" },
    });
  });

  test("shows a result, and errors with time, message and stack", async () => {
    const id = await steps.enqueue({ name: "stumbles" });
    await steps.runOnce("stumbles", {
      kind: "errored",
      error: { message: "boom", stack: "Error: boom\n at x" },
      retryAfterMs: 0,
    });
    await steps.runOnce("stumbles", { kind: "succeeded", result: { sent: 3 } });
    expect(await get(`/tasks/${id}`)).toMatchObject({
      state: "succeeded",
      attempt: 2,
      result: { sent: 3 },
      finishedAt: expect.stringMatching(instantPattern),
      errors: [
        {
          attempt: 1,
          at: expect.stringMatching(instantPattern),
          workerId: steps.workerId,
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
    for (let n = 0; n < 5; n++)
      ids.push(await steps.enqueue({ name: "paged", queue: "paging", title: `${n}` }));
    await steps.enqueue({ name: "other", queue: "paging" });
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
    await steps.enqueue({ name: "exact" });
    await steps.enqueue({ name: "exact" });
    expect(await get("/tasks?name=exact&limit=2")).toMatchObject({ tasks: [{}, {}], next: null });
    expect(await get("/tasks?name=exact&before=1")).toEqual({ tasks: [], next: null });
  });

  test("shows of each task one line: the newest error, no payload, no stack", async () => {
    await steps.enqueue({ name: "listed", payload: { large: "x" }, maxAttempts: 1 });
    await steps.runOnce("listed", { kind: "errored", error: { message: "boom", stack: "secret stack" } });
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
      await steps.enqueue({ name: "each" });
      await steps.runOnce(
        "each",
        outcome === "succeeded"
          ? { kind: outcome, result: null }
          : outcome === "failed"
            ? { kind: outcome, error: { message: "no", stack: null } }
            : { kind: outcome },
      );
    }
    await steps.enqueue({ name: "each" });
    await steps.claim("each");
    await steps.enqueue({ name: "each" });
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

describe("a running task", () => {
  const showBoth = async (id: number) => {
    const [one, list] = await Promise.all([app.request(`/tasks/${id}`), app.request("/tasks?name=long")]);
    return [((await one.json()) as Body).etaSeconds, ((await list.json()) as Body).tasks[0].etaSeconds];
  };

  test("tells how long it still takes, going by its progress and its start", async () => {
    const id = await steps.enqueue({ name: "long" });
    await steps.claim("long");
    expect(await showBoth(id)).toEqual([null, null]);
    await database.store.sql`
      update fiscaut_tasks.task set started_at = now() - interval '30 s', progress = '{"fraction": 0.25, "message": null}'
      where id = ${id}`;
    const [one, listed] = await showBoth(id);
    expect(one).toBeGreaterThanOrEqual(90);
    expect(one).toBeLessThan(120);
    expect(listed).toBeGreaterThanOrEqual(90);
  });
});

describe("batches", () => {
  test("show their totals alone and beside their tasks", async () => {
    const batch = await enqueueBatch(
      database.store,
      { title: "Suppliers of 7", skipped: { "no CNPJ": 2 }, enqueuedBy: null },
      [1, 2, 3].map((n) => checkNewTask({ name: "batched", payload: { n } })),
    );
    await steps.runOnce("batched", { kind: "succeeded", result: null });
    const totals = {
      id: batch.id,
      title: "Suppliers of 7",
      key: null,
      enqueuedBy: null,
      createdAt: expect.stringMatching(instantPattern),
      total: 3,
      skipped: { "no CNPJ": 2 },
      states: { pending: 2, running: 0, succeeded: 1, failed: 0, cancelled: 0 },
      retrying: 0,
      progress: expect.closeTo(1 / 3),
      complete: false,
      pace: { finishedLastMinute: 1, perSecond: null, etaSeconds: null, stalled: null },
    };
    expect(await get(`/batches/${batch.id}`)).toEqual({ ...totals, completedAt: null, errors: [] });
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
