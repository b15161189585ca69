/** The operator's own handlers in the handlers' thread: run, checked at the doors, read again, and what none can do. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnHandlers } from "../../../src/cli/worker/spawn-handlers.ts";
import { type Limits, ThreadRunner } from "../../../src/engine/handlers/thread-runner.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { findTask } from "../../../src/store/find.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import type { EngineEvent } from "../../../src/task/events.ts";
import { type HandlerFiles, makeHandlerFiles } from "../../handlers/handler-files.ts";
import { buildApp, postJson } from "../../http/app-under-test.ts";
import { keepForever } from "../../keep-forever.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { until } from "../../until.ts";
import { startWorker } from "../start-worker.ts";

let database: TestDatabase;
let files: HandlerFiles;
const stopping: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => {
  files = makeHandlerFiles();
});
afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop();
  files.remove();
  await database.store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.worker`;
});
afterAll(() => database.drop());

const config = { fiscautApiUrl: undefined, fiscautApiKey: undefined, fiscautTimeoutMs: 1_000 };
const enqueue = async (task: NewTask) => (await enqueueTask(database.store, checkNewTask(task))).id;
const find = (id: number) => findTask(database.store, id);
const ended = async (id: number) =>
  await until(async () => {
    const task = await find(id);
    return task !== undefined && (task.finishedAt !== null || task.errors.length > 0) && task;
  });

async function startOwn(limits: Partial<Limits> = {}) {
  const events: EngineEvent[] = [];
  const runner = new ThreadRunner({
    spawn: (skip) =>
      spawnHandlers({
        databaseUrl: database.url,
        config,
        retention: keepForever,
        handlersDir: files.dir,
        skip,
      }),
    emit: (event) => events.push(event),
    onLoaded: () => started?.worker.takeHandlers(),
    limits,
  });
  let started: Awaited<ReturnType<typeof startWorker>> | undefined;
  await runner.ready(20_000);
  started = await startWorker(
    database,
    {},
    {
      runner,
      pollIntervalMs: 500,
      backoffOf: (name) => runner.backoffOf(name),
    },
  );
  const { worker } = started;
  stopping.push(async () => {
    await worker.stop("the test ends", 0);
    await runner.stop();
  });
  const refusals = () => events.flatMap((event) => (event.kind === "handler-refused" ? [event.message] : []));
  return { runner, worker, events, refusals };
}

describe("an own handler", () => {
  test("is claimed for and run, with its payload as its schema makes it", async () => {
    files.define(
      "greet.ts",
      `payload: z.object({ who: z.string(), n: z.number().default(2) }), run: async ({ who, n }, { task }) => [who, n, task.id]`,
    );
    await startOwn();
    const id = await enqueue({ name: "greet", payload: { who: "Ana" } });
    expect(await ended(id)).toMatchObject({ state: "succeeded", result: ["Ana", 2, id] });
  });

  test("that throws leaves a stack that names its file and line", async () => {
    const path = files.write(
      "throws.ts",
      `import { defineHandler } from "fiscaut-tasks";\ntype Unused = string;\n\nexport default defineHandler({\n  run() {\n    throw new Error("no table");\n  },\n});\n`,
    );
    await startOwn();
    const id = await enqueue({ name: "throws", maxAttempts: 1 });
    const { errors, state } = await ended(id);
    expect(state).toBe("failed");
    expect(errors).toMatchObject([{ message: "no table", stack: expect.stringContaining(`${path}:6:`) }]);
  });

  test("that throws the product's PermanentError fails for good", async () => {
    files.define("permanent.ts", `run() { throw new PermanentError("never"); }`);
    await startOwn();
    const id = await enqueue({ name: "permanent" });
    expect(await ended(id)).toMatchObject({ state: "failed", attempt: 1, errors: [{ message: "never" }] });
  });

  test("has its own time-out and back-off, where the task gives none", async () => {
    files.define(
      "slow.ts",
      `timeoutMs: 100, backoff: "fixed:1h", run: (_, { signal }) => new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason)))`,
    );
    await startOwn();
    const id = await enqueue({ name: "slow" });
    const { errors, runAt } = await ended(id);
    expect(errors).toMatchObject([{ message: "timed out after 100 ms" }]);
    expect(runAt.getTime() - Date.now()).toBeGreaterThan(3_500_000);
  });

  test("that spins beyond its own time-out is ended with its thread, and its successors run in a new one", async () => {
    files.define("spin.ts", "timeoutMs: 100, run() { for (;;); }");
    files.define("quick.ts", "run: () => 7");
    const { events } = await startOwn({ abortMs: 500, respawnMs: 50 });
    const spinning = await enqueue({ name: "spin" });
    expect(await ended(spinning)).toMatchObject({ errors: [{ message: "timed out after 100 ms" }] });
    expect(events.some(({ kind }) => kind === "handlers-restarted")).toBe(true);
    expect(await ended(await enqueue({ name: "quick" }))).toMatchObject({ result: 7 });
  });
});

describe("a door", () => {
  test("refuses a payload by an own handler's schema, also an asynchronous one, and takes what it doesn't know", async () => {
    files.define("greet.ts", "payload: z.object({ who: z.string() }), run() {}");
    files.define(
      "later.ts",
      `payload: { "~standard": { version: 1, vendor: "by hand", validate: async (value) =>
        value === 1 ? { value } : { issues: [{ message: "is not 1", path: ["n"] }] } } }, run() {}`,
    );
    files.define("odd.ts", `payload: z.any().refine(() => { throw new Error("no table"); }), run() {}`);
    const { runner } = await startOwn();
    const { checkPayloads } = runner;
    const check = (tasks: Parameters<typeof checkPayloads>[0]) => runner.checkPayloads(tasks);
    const good = { name: "greet", payload: { who: "Ana" } };
    await check([good, { name: "later", payload: 1 }, { name: "elsewhere", payload: [] }]);
    const refused = await check([good, good, { name: "later", payload: 2 }]).catch((error) => error);
    expect(refused).toMatchObject({
      kind: "usage",
      index: 2,
      message: "the payload is not later's: n: is not 1",
    });
    // A schema that throws says nothing of the payload.
    await check([{ name: "odd", payload: 1 }]);

    const app = buildApp(database.store, { checkPayloads: (tasks) => runner.checkPayloads(tasks) });
    const bad = await app.request("/tasks", postJson({ name: "greet", payload: { who: 5 } }));
    expect(bad.status).toBe(400);
    expect(await bad.json()).toMatchObject({
      detail: expect.stringMatching(/^the payload is not greet's: who: /),
    });
    const cron = { name: "s", cron: "0 8 * * *", task: { name: "greet", payload: {} } };
    expect((await app.request("/schedules", postJson(cron))).status).toBe(400);
    const taken = await app.request("/tasks", postJson(good));
    expect(taken.status).toBe(201);
  });

  test("takes a task unchecked, in bounded time, while the thread is blocked", async () => {
    files.define("greet.ts", "payload: z.object({ who: z.string() }), run() {}");
    files.define(
      "spin.ts",
      "async run(ms) { const end = performance.now() + ms; while (performance.now() < end); }",
    );
    const { runner, worker } = await startOwn({ checkMs: 200, pingMs: 100 });
    await enqueue({ name: "spin", payload: 4_000 });
    await until(() => worker.status().running === 1);
    const startedMs = performance.now();
    const bad = { name: "greet", payload: { who: 5 } };
    await runner.checkPayloads([bad]);
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    await until(() => runner.deafMs > 0);
    // Known to be deaf, it is not even asked.
    const askedMs = performance.now();
    await runner.checkPayloads([bad]);
    expect(performance.now() - askedMs).toBeLessThan(100);
    await until(() => runner.deafMs === 0, 10_000);
    await until(async () => (await runner.checkPayloads([bad]).catch(() => "refused")) === "refused");
  });

  test("that is a handler's context refuses an own handler's payload, too", async () => {
    files.define("child.ts", "payload: z.object({ who: z.string() }), run() {}");
    files.define("parent.ts", `run: (_, { enqueue }) => enqueue({ name: "child", payload: {} })`);
    await startOwn();
    const id = await enqueue({ name: "parent", maxAttempts: 1 });
    expect(await ended(id)).toMatchObject({
      errors: [{ message: expect.stringMatching(/^the payload is not child's: who: /) }],
    });
  });
});

describe("a bad file", () => {
  test("is told of once, with its position, and the others run also when the thread is replaced", async () => {
    const broken = files.write("broken.ts", "const a = 1;\nexport default {;");
    files.define("exit.ts", "run() { process.exit(1); }");
    files.define("quick.ts", "run: () => 7");
    const { runner, refusals, events } = await startOwn({ respawnMs: 50 });
    expect(runner.names.sort()).toEqual(["exit", "fiscaut.sync-suppliers", "quick"]);
    expect(refusals()).toEqual([expect.stringContaining(`${broken}:2:`)]);
    await ended(await enqueue({ name: "exit", maxAttempts: 1 }));
    expect(await ended(await enqueue({ name: "quick" }))).toMatchObject({ result: 7 });
    expect(refusals()).toHaveLength(1);
    expect(events.filter(({ kind }) => kind === "handlers-loaded")).toHaveLength(1);
  });

  test("that blocks its thread when it is imported, or ends it, is left out, and the others run", async () => {
    const blocks = files.write("blocks.ts", "for (;;);");
    const exits = files.write("exits.ts", "process.exit(1);");
    files.define("quick.ts", "run: () => 7");
    const { refusals } = await startOwn({ loadMs: 2_500, respawnMs: 50 });
    expect(refusals()).toEqual([
      `${blocks}: is not imported within 2500 ms and blocks the handlers' thread`,
      `${exits}: ended the handlers' thread when it was imported`,
    ]);
    expect(await ended(await enqueue({ name: "quick" }))).toMatchObject({ result: 7 });
  });
});

describe("files that are read again", () => {
  test("serve what comes, while what runs goes on as it was", async () => {
    const gate = join(files.dir, "gate");
    const waiting = (result: string) =>
      `run: async () => { while (!(await Bun.file(${JSON.stringify(gate)}).exists())) await Bun.sleep(5); return "${result}"; }`;
    files.define("work.ts", waiting("old"));
    files.define("gone.ts", "run() {}");
    const { runner, worker, events } = await startOwn();
    const before = await enqueue({ name: "work" });
    await until(() => worker.status().running === 1);

    files.define("work.ts", waiting("new"));
    files.define("added.ts", "run: () => 8");
    files.delete("gone.ts");
    runner.reload();
    await until(() => runner.names.includes("added"));
    expect(runner.names).not.toContain("gone");
    const after = await enqueue({ name: "work" });
    expect(await ended(await enqueue({ name: "added" }))).toMatchObject({ result: 8 });
    await until(() => worker.status().running === 2);
    expect(existsSync(gate)).toBe(false);
    writeFileSync(gate, "");
    expect(await ended(before)).toMatchObject({ state: "succeeded", attempt: 1, result: "old" });
    expect(await ended(after)).toMatchObject({ state: "succeeded", attempt: 1, result: "new" });
    expect(events.filter(({ kind }) => kind === "handlers-restarted")).toEqual([]);
  });

  test("are not kept waiting by what spins in the old thread, which is ended at its time-out", async () => {
    files.define("spin.ts", "timeoutMs: 2_500, run() { for (;;); }");
    files.define("quick.ts", "run: () => 7");
    const { runner, worker, events } = await startOwn({ abortMs: 500, pingMs: 100 });
    const spinning = await enqueue({ name: "spin", maxAttempts: 1 });
    await until(() => worker.status().running === 1);
    await until(() => runner.deafMs > 0);
    runner.reload();
    await until(() => runner.deafMs === 0);
    expect(await ended(await enqueue({ name: "quick" }))).toMatchObject({ result: 7 });
    expect(await find(spinning)).toMatchObject({ state: "running" });
    expect(await ended(spinning)).toMatchObject({ errors: [{ message: "timed out after 2500 ms" }] });
    const loads = events.filter(({ kind }) => kind === "handlers-loaded").length;
    expect(await ended(await enqueue({ name: "quick" }))).toMatchObject({ result: 7 });
    expect(events.filter(({ kind }) => kind === "handlers-loaded")).toHaveLength(loads);
  });

  test("one of them broken: the others go on, and it comes back when it is corrected", async () => {
    files.define("work.ts", "run: () => 1");
    files.define("other.ts", "run: () => 2");
    const { runner, refusals } = await startOwn();
    const path = files.write("work.ts", "export default {;");
    runner.reload();
    await until(() => refusals().length === 1);
    expect(refusals()[0]).toStartWith(`${path}:1:`);
    const waits = await enqueue({ name: "work" });
    expect(await ended(await enqueue({ name: "other" }))).toMatchObject({ result: 2 });
    expect(await find(waits)).toMatchObject({ state: "pending", attempt: 0 });
    files.define("work.ts", "run: () => 3");
    runner.reload();
    expect(await ended(waits)).toMatchObject({ result: 3 });
  });

  test("many times leave neither threads nor connections behind", async () => {
    files.define("asks.ts", "run: async (_, { tasks }) => (await tasks.list()).length");
    const { runner, events } = await startOwn();
    for (let round = 1; round <= 3; round++) {
      expect(await ended(await enqueue({ name: "asks" }))).toMatchObject({ state: "succeeded" });
      runner.reload();
      await until(() => events.filter(({ kind }) => kind === "handlers-loaded").length === round + 1);
    }
    const count = async () =>
      (
        await database.store.sql<{ count: number }[]>`
          select count(*)::int as count from pg_stat_activity
          where datname = current_database() and application_name = 'fiscaut-tasks handlers'`
      )[0]?.count;
    await until(async () => (await count()) === 0);
  });
});
