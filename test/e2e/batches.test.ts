/** Batches with the executable: many tasks by standard input and over HTTP, followed, controlled, with their end. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findBatch, listBatches } from "../../src/store/batch.ts";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { listTasks } from "../../src/store/find.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { until } from "../until.ts";
import { createBed } from "./bed.ts";
import { execute, executeJson, startRun } from "./executable.ts";
import { heldPayload, heldTask } from "./held-api.ts";

const bed = createBed();
const { env } = bed;
const enqueue = ["enqueue", "--stdin-ndjson"];
const send = heldTask;
const ndjson = (tasks: unknown[]) => tasks.map((task) => `${JSON.stringify(task)}\n`).join("");
const batchOf = async (key: string) =>
  (await listBatches(bed.store, {}, 100)).find((batch) => batch.key === key);

interface Enqueued {
  id: number;
  total: number;
  created: boolean;
}

describe("enqueue --stdin-ndjson", () => {
  test("stores 100,000 tasks as one batch, whose members come from the flags", async () => {
    const payload = { text: "x".repeat(100) };
    const lines = ndjson(Array.from({ length: 100_000 }, () => ({ payload })));
    const words = [...enqueue, "later", "--queue", "night", "--title", "Many", "--batch-key", "many"];
    const result = await execute(words, env(), lines);
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    const batch = await batchOf("many");
    expect(batch).toMatchObject({ title: "Many", total: 100_000, states: { pending: 100_000 } });
    expect(result.stdout).toBe(`batch ${batch?.id}: 100000 tasks enqueued, none skipped\n`);
    expect((await listTasks(bed.store, { batchId: batch?.id }, 1))[0]).toMatchObject({
      name: "later",
      queue: "night",
    });
    const deleted = await execute(["batch", "delete", String(batch?.id)], env());
    expect(deleted.stdout).toBe(`batch ${batch?.id}: 100000 tasks deleted: 100000 pending\n`);
  }, 120_000);

  test("stores a file while it is read, and nothing of one whose last line is none", async () => {
    const lines = ndjson(Array.from({ length: 5_000 }, (_, n) => ({ name: "filed", payload: { n } })));
    const file = join(mkdtempSync(join(tmpdir(), "fiscaut-tasks-lines-")), "tasks.ndjson");
    await Bun.write(file, `${lines}{"name"`);
    const refused = await execute([...enqueue, "--batch-key", "filed"], env(), Bun.file(file));
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("line 5001 is not JSON") });
    expect(await batchOf("filed")).toBeUndefined();
    await Bun.write(file, lines);
    const stored = await execute([...enqueue, "--batch-key", "filed"], env(), Bun.file(file));
    expect(stored).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("5000 tasks enqueued") });
    expect(await batchOf("filed")).toMatchObject({ title: "filed", states: { pending: 5_000 } });
    rmSync(dirname(file), { recursive: true });
  }, 60_000);

  test("adds nothing when it is repeated with the batch's key", async () => {
    const words = [...enqueue, "--batch-key", "once"];
    const first = await executeJson<Enqueued>(words, env(), ndjson([{ name: "a" }, { name: "b" }]));
    expect(first).toMatchObject({ total: 2, created: true });
    expect(await executeJson<Enqueued>(words, env(), ndjson([{ name: "c" }]))).toEqual({
      ...first,
      created: false,
    });
    expect((await execute(words, env(), "")).stdout).toBe(
      `batch ${first.id} has the key, with 2 tasks: nothing is added\n`,
    );
    expect(await findBatch(bed.store, first.id)).toMatchObject({ title: "a", total: 2 });
  }, 30_000);

  const one = '{"name":"x"}\n';
  const wrong: [string, string[], string, string][] = [
    ["a line that is no JSON", enqueue, `${one}\n{"name"\n`, "line 3 is not JSON"],
    ["a line without a name", enqueue, `${one}{"payload":1}`, "line 2: name:"],
    [
      "a payload that its handler refuses",
      enqueue,
      `${one}{"name":"${send}"}`,
      `line 2: the payload is not ${send}'s`,
    ],
    ["a key for all lines", [...enqueue, "x", "--key", "k"], one, "--key would be that of all lines\nTry: "],
    ["a payload beside the lines", [...enqueue, "x", "{}"], one, "--stdin-ndjson takes no payload"],
    [
      "a title that is too long",
      [...enqueue, "--title", "x".repeat(201)],
      one,
      "the batch's title: is longer",
    ],
    [
      "a batch's key that is none",
      [...enqueue, "--batch-key", "task:1"],
      one,
      "the batch's key: may not begin",
    ],
    ["a completion task that is none", [...enqueue, "--when-complete", "a b"], one, "whenComplete: name:"],
    [
      "a completion task's payload alone",
      [...enqueue, "--when-complete-payload", "1"],
      one,
      "needs --when-complete",
    ],
    [
      "a completion task's payload from stdin",
      [...enqueue, "--when-complete-payload", "-"],
      one,
      "--when-complete-payload",
    ],
    [
      "--wait for a single task",
      ["enqueue", "x", "--wait"],
      "",
      "--wait is for a batch\nTry: --stdin-ndjson --wait",
    ],
    ["no name for a single task", ["enqueue"], "", "NAME is missing"],
  ];
  test("refuses what is no batch with exit code 2, and stores nothing", async () => {
    const before = await listTasks(bed.store, {}, 1);
    for (const [what, words, stdin, message] of wrong) {
      const { exitCode, stderr } = await execute(words, env(), stdin);
      expect([what, exitCode, stderr]).toEqual([what, 2, expect.stringContaining(`error: `)]);
      expect(stderr).toContain(message);
    }
    expect(await listTasks(bed.store, {}, 1)).toEqual(before);
  }, 60_000);

  test("follows the batch, and ends with 1 when not all has succeeded", async () => {
    bed.api.release();
    const worker = await startRun([], env());
    const tasks = [1, 2, 3].map((n) => ({ name: send, payload: heldPayload(`follow-${n}`) }));
    const followed = await execute([...enqueue, "--wait"], env(), ndjson(tasks));
    expect(followed).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("3/3") });
    // Its company is not enabled, so its one attempt fails.
    const failing = {
      name: "fiscaut.sync-suppliers",
      payload: { company: 1, source: "csv:/nowhere" },
      maxAttempts: 1,
    };
    const words = [...enqueue, "--wait", "--batch-key", "failing"];
    expect(await execute(words, env(), ndjson([...tasks, failing]))).toMatchObject({ exitCode: 1 });
    const id = String((await batchOf("failing"))?.id);
    const shown = await execute(["batch", "show", id, "--wait"], env());
    expect(shown).toMatchObject({ exitCode: 1 });
    expect(shown.stdout).toMatch(/^progress +100 %$/m);
    expect(shown.stdout).toMatch(/^failed +1$/m);
    expect(shown.stdout).toMatch(/^task \d+ +failed .*company 1 is not enabled/m);
    expect(await executeJson<unknown>(["batch", "show", id], env())).toMatchObject({
      complete: true,
      completedAt: expect.stringContaining("T"),
      errors: [{ state: "failed" }],
    });
    expect((await execute(["batch", "retry", id], env())).stdout).toBe(
      `batch ${id}: 1 task retried: 1 failed\n`,
    );
    expect(await worker.stop()).toBe(0);
  }, 60_000);
});

describe("the batch commands", () => {
  test("list, cancel and delete", async () => {
    const { id } = await enqueueBatch(
      bed.store,
      { title: "To be cancelled", skipped: {}, enqueuedBy: null },
      [1, 2].map((n) => checkNewTask({ name: "never", payload: n })),
    );
    const list = await execute(["batch", "list", "--limit", "1"], env());
    expect(list.stdout).toMatch(new RegExp(`^ID .*TITLE\\n${id} +0 % +2 +2 +0 .* To be cancelled\\n$`));
    expect(
      await executeJson<unknown>(["batch", "list", "--before", String(id + 1), "--limit", "1"], env()),
    ).toMatchObject([{ id, title: "To be cancelled", progress: 0, states: { pending: 2 } }]);
    const cancelled = await execute(["batch", "cancel", String(id)], env());
    expect(cancelled.stdout).toBe(`batch ${id}: 2 tasks cancelled: 2 pending\n`);
    expect(await executeJson<unknown>(["batch", "delete", String(id)], env())).toEqual({
      id,
      total: 2,
      states: { cancelled: 2 },
      complete: true,
    });
    expect(await findBatch(bed.store, id)).toBeUndefined();
  }, 30_000);

  test("refuse a batch that there is not, and an id that is none", async () => {
    for (const verb of ["show", "cancel", "retry", "delete"]) {
      const { exitCode, stderr } = await execute(["batch", verb, "999999"], env());
      expect([exitCode, stderr]).toEqual([
        1,
        "error: there is no batch 999999\nTry: fiscaut-tasks batch list\n",
      ]);
    }
    expect((await execute(["batch", "show", "999999", "--wait"], env())).exitCode).toBe(1);
    expect((await execute(["batch", "show", "x"], env())).exitCode).toBe(2);
    expect((await execute(["batch", "list", "--limit", "101"], env())).exitCode).toBe(2);
  }, 30_000);

  test("do not delete a batch while a task of it runs", async () => {
    const worker = await startRun([], env());
    const { id } = await executeJson<Enqueued>(
      enqueue,
      env(),
      ndjson([{ name: send, payload: heldPayload("held") }]),
    );
    await until(() => bed.api.arrived.some((document) => document === "held"));
    expect(await execute(["batch", "delete", String(id)], env())).toMatchObject({
      exitCode: 1,
      stderr: `error: a task of batch ${id} is running\nTry: cancel the batch first, or wait until it is complete\n`,
    });
    expect((await execute(["batch", "cancel", String(id)], env())).stdout).toBe(
      `batch ${id}: 1 task cancelled: 1 running\n`,
    );
    expect((await execute(["batch", "show", String(id), "--wait"], env())).exitCode).toBe(1);
    expect(await worker.stop()).toBe(0);
  }, 60_000);
});

describe("a worker's HTTP", () => {
  test("takes 100,000 tasks in one request, and the batch's completion task runs once", async () => {
    bed.api.release();
    const worker = await startRun([], env());
    const post = async (body: string, type: string, query = "") => {
      const headers = { "content-type": type, "idempotency-key": `http-${type}` };
      const response = await fetch(`${worker.url}/batches${query}`, { method: "POST", headers, body });
      return { status: response.status, body: (await response.json()) as Enqueued };
    };
    const many = Array.from({ length: 100_000 }, (_, n) => ({ name: "later", payload: { n } }));
    expect(await post(JSON.stringify({ tasks: many }), "application/json")).toMatchObject({
      status: 201,
      body: { total: 100_000 },
    });
    const whenComplete = JSON.stringify({ name: send, payload: heldPayload("complete"), key: "at the end" });
    const tasks = [1, 2, 3].map((n) => ({ name: send, payload: heldPayload(`http-${n}`) }));
    const query = `?title=T&whenComplete=${encodeURIComponent(whenComplete)}`;
    expect(await post(ndjson(tasks), "application/x-ndjson", query)).toMatchObject({ status: 201 });
    expect(await post(ndjson(tasks), "application/x-ndjson", query)).toMatchObject({ status: 200 });
    await until(() => bed.api.arrived.includes("complete"), 20_000);
    expect(bed.api.arrived.filter((document) => /^(complete|http-)/.test(document))).toHaveLength(4);
    expect(bed.api.arrived.at(-1)).toBe("complete");
    expect(await worker.stop()).toBe(0);
  }, 120_000);

  test("and the command line name the completion task alike", async () => {
    bed.api.release();
    const worker = await startRun([], env());
    const words = [
      "--when-complete",
      send,
      "--when-complete-payload",
      JSON.stringify(heldPayload("end of line")),
    ];
    const lines = ndjson([{ name: send, payload: heldPayload("line") }]);
    await executeJson<Enqueued>([...enqueue, ...words], env(), lines);
    await until(() => bed.api.arrived.includes("end of line"), 20_000);
    expect(bed.api.arrived).toEqual(["line", "end of line"]);
    expect(await worker.stop()).toBe(0);
  }, 60_000);
});
