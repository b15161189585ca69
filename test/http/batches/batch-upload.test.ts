/** Many tasks in one request, over a real database. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { maxBatchBytes } from "../../../src/http/batches/batch-body.ts";
import { serveHttp } from "../../../src/http/server.ts";
import { findBatch, listBatches } from "../../../src/store/batch.ts";
import { listTasks } from "../../../src/store/find.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { buildApp, postJson } from "../app-under-test.ts";
import type { Body } from "../tasks/task-steps.ts";

let database: TestDatabase;
let app: ReturnType<typeof buildApp>;
beforeAll(async () => {
  database = await createDatabase();
  app = buildApp(database.store);
});
afterEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.batch`;
});
afterAll(() => database.drop());

const some = (count: number) => Array.from({ length: count }, (_, n) => ({ name: "a", payload: n }));
const lines = (text: string | ReadableStream, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/x-ndjson", ...headers },
  body: text,
});
async function ask(
  path: string,
  init?: RequestInit,
): Promise<{ status: number; body: Body; location: string | null }> {
  const response = await app.request(path, init);
  return { status: response.status, body: await response.json(), location: response.headers.get("location") };
}
const stored = async () => (await listTasks(database.store, {}, 500)).length;

describe("many tasks in one request", () => {
  test("are a batch: an object with title and tasks", async () => {
    const { status, body, location } = await ask(
      "/batches",
      postJson({ tasks: some(1_500), title: "Night" }),
    );
    expect([status, location]).toEqual([201, `/batches/${body.id}`]);
    expect(body).toEqual({ id: body.id, total: 1_500, skipped: {}, created: true });
    expect(await findBatch(database.store, body.id)).toMatchObject({
      title: "Night",
      total: 1_500,
      key: null,
    });
  });

  test("are a batch: NDJSON, with the title in the query", async () => {
    const text = `${some(3)
      .map((task) => JSON.stringify(task))
      .join("\r\n")}\n\n`;
    const { status, body } = await ask("/batches?title=Night%20run", lines(text));
    expect([status, body.total]).toEqual([201, 3]);
    expect(await findBatch(database.store, body.id)).toMatchObject({ title: "Night run" });
    expect(
      (await ask("/batches", lines("", { "content-type": "application/ndjson; charset=utf-8" }))).body,
    ).toMatchObject({
      total: 0,
    });
  });

  test("are a batch: an array posted to /tasks, titled by its first task's name", async () => {
    const { status, body, location } = await ask("/tasks", postJson(` \n${JSON.stringify(some(2))}`));
    expect([status, location]).toEqual([201, `/batches/${body.id}`]);
    expect(await findBatch(database.store, body.id)).toMatchObject({ title: "a", total: 2 });
    expect((await ask("/tasks?title=T", postJson([]))).body).toMatchObject({ total: 0 });
    expect((await listBatches(database.store, {}, 1))[0]).toMatchObject({ title: "T" });
    expect((await ask("/tasks?title=T", postJson(some(1)[0]))).body.detail).toContain("title");
  });

  test("say priorities and keys as one task does", async () => {
    const nice = buildApp(database.store, { priorityOrder: "nice" });
    const tasks = [
      { name: "a", priority: 3, key: "k" },
      { name: "a", key: "k" },
    ];
    const response = await nice.request("/batches", postJson({ tasks }));
    expect((await response.json()) as Body).toMatchObject({ total: 1, skipped: { "equal task is live": 1 } });
    expect((await listTasks(database.store, {}, 10))[0]?.priority).toBe(-3);
  });

  test("are added once, however often the request with a key is repeated", async () => {
    const headers = { "idempotency-key": '"5f2c-\\"1\\""' };
    const first = await ask("/batches", postJson({ tasks: some(2) }, headers));
    const second = await ask(
      "/batches?title=again",
      lines('{"name":"b"}', { "idempotency-key": '5f2c-"1"' }),
    );
    const third = await ask("/tasks", postJson(some(9), headers));
    expect([first.status, second.status, third.status]).toEqual([201, 200, 200]);
    for (const repeat of [second, third]) {
      expect(repeat.body).toEqual({ ...first.body, created: false });
      expect(repeat.location).toBe(first.location);
    }
    expect(await stored()).toBe(2);
    expect((await ask(first.location ?? "")).body.key).toBe('5f2c-"1"');
  });

  test("may have a task that runs when they are complete", async () => {
    const whenComplete = { name: "greet", payload: { who: "all" } };
    const query = `?whenComplete=${encodeURIComponent(JSON.stringify(whenComplete))}`;
    const answers = [
      await ask("/batches", postJson({ tasks: some(1), whenComplete })),
      await ask(`/batches${query}`, lines(JSON.stringify(some(1)[0]))),
      await ask(`/tasks${query}`, postJson(some(1))),
    ];
    expect(answers.map(({ status, body }) => [status, body.total])).toEqual(
      [201, 201, 201].map((ok) => [ok, 1]),
    );
    const waiting = await listTasks(database.store, { name: "greet" }, 10);
    expect(waiting.map(({ batchId }) => batchId)).toEqual([null, null, null]);
  });

  const good = '{"name":"a"}\n';
  const faulty: [string, string, RequestInit, number, RegExp][] = [
    ["a line that is no JSON", "/batches", lines(`${good}\n{`), 400, /^line 3 is not JSON/],
    ["a line that is no task", "/batches", lines(`${good}{"name":"a","delay":1}`), 400, /^line 2: .*delay/],
    [
      "a payload that its handler refuses",
      "/batches",
      lines(`${good}{"name":"greet"}`),
      400,
      /^line 2: the payload is not greet's/,
    ],
    [
      "a task of an object that is none",
      "/batches",
      postJson({ tasks: [...some(1_200), {}] }),
      400,
      /^tasks\[1200\]: name/,
    ],
    [
      "a task of an array that is none",
      "/tasks",
      postJson([{ name: "a" }, 5]),
      400,
      /^tasks\[1\]: .*expected object/,
    ],
    [
      "a body that is cut off",
      "/batches",
      postJson('{"tasks":[{"name":"a"},'),
      400,
      /^tasks\[1\] is not JSON/,
    ],
    [
      "a completion task that is none",
      "/batches",
      postJson({ tasks: some(1), whenComplete: { name: "greet" } }),
      400,
      /^whenComplete: the payload is not greet's/,
    ],
    [
      "a completion task that is no JSON",
      "/batches?whenComplete={",
      lines(good),
      400,
      /^whenComplete is not JSON/,
    ],
    ["no tasks", "/batches", postJson({ title: "x" }), 400, /^tasks: none are given/],
    ["no body", "/batches", { method: "POST" }, 400, /at its beginning, but found it ends/],
    ["an array instead of an object", "/batches", postJson(some(1)), 400, /expected \{ at its beginning/],
    ["a member that there is not", "/batches", postJson({ tasks: some(1), name: "x" }), 400, /name/],
    [
      "a title that is none",
      "/batches",
      postJson({ tasks: some(1), title: 5 }),
      400,
      /title: .*expected string/,
    ],
    ["an empty title", "/batches?title=", lines(good), 400, /^the batch's title: is empty/],
    ["a query beside an object", "/batches?title=x", postJson({ tasks: [] }), 400, /title/],
    [
      "a key that is none",
      "/batches",
      lines(good, { "idempotency-key": "task:1" }),
      400,
      /^the batch's key: may not begin with task:/,
    ],
    [
      "a key for a single task",
      "/tasks",
      postJson({ name: "a" }, { "idempotency-key": "k" }),
      400,
      /Idempotency-Key is for batches/,
    ],
    ["another content type", "/batches", lines(good, { "content-type": "text/plain" }), 415, /text\/plain/],
    ["NDJSON for a single task", "/tasks", lines(good), 415, /x-ndjson, not application\/json/],
    [
      "a body that is too large",
      "/batches",
      lines(good, { "content-length": String(maxBatchBytes + 1) }),
      413,
      /larger than/,
    ],
  ];
  for (const [what, path, init, status, detail] of faulty)
    test(`store nothing with ${what}`, async () => {
      const answer = await ask(path, init);
      expect([answer.status, answer.body.detail]).toEqual([status, expect.stringMatching(detail)]);
      expect([await stored(), await listBatches(database.store, {}, 10)]).toEqual([0, []]);
    });

  test("may take longer than an answer, as long as they go on coming", async () => {
    const slow = buildApp(database.store, { answerLimitMs: 200 });
    let sent = 0;
    const body = new ReadableStream({
      async pull(controller) {
        if (sent === 6) return controller.close();
        sent += 1;
        await Bun.sleep(60);
        controller.enqueue(Buffer.from(good));
      },
    });
    expect((await slow.request("/batches", lines(body))).status).toBe(201);

    const silent = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from(good)) });
    const response = await slow.request("/batches", lines(silent));
    expect(response.status).toBe(503);
    expect(((await response.json()) as Body).detail).toMatch(/^no progress within 200 ms, .*came too slowly/);
    expect(await stored()).toBe(6);
  });

  test("arrive whole over a connection, also when they are larger than a task may be", async () => {
    const server = serveHttp({ app, host: "127.0.0.1", port: 0 });
    try {
      const task = JSON.stringify({ name: "a", payload: "é".repeat(100_000) });
      const response = await fetch(`${server.url}/batches`, lines(`${task}\n`.repeat(50)));
      expect((await response.json()) as Body).toMatchObject({ total: 50 });
      const refused = await fetch(`${server.url}/batches`, lines(`{}\n${task}\n`.repeat(500)));
      expect(refused.status).toBe(400);
    } finally {
      await server.stop();
    }
  });
});
