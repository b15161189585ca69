/** The operator's own handlers in the handlers' thread: run, checked at the doors, and what none can do. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Limits } from "../../../src/engine/handlers/thread-runner.ts";
import { builtInNames } from "../../../src/handlers/built-in.ts";
import type { NewTask } from "../../../src/task/doors/new-task.ts";
import type { HandlerFiles } from "../../handlers/handler-files.ts";
import { buildApp, postJson } from "../../http/app-under-test.ts";
import { until } from "../../until.ts";
import { OwnHandlersBed } from "./own-handlers-bed.ts";

let bed: OwnHandlersBed;
let files: HandlerFiles;
beforeAll(async () => {
  bed = await OwnHandlersBed.create();
});
beforeEach(() => {
  files = bed.files;
});
afterEach(() => bed.clear());
afterAll(() => bed.remove());

const enqueue = (task: NewTask) => bed.enqueue(task);
const ended = (id: number) => bed.ended(id);
const startOwn = (limits: Partial<Limits> = {}) => bed.startOwn(limits);

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
    files.define("free.ts", "run() {}");
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
    const unchecked = { name: "free", payload: 1 };
    const among = await check([unchecked, good, { name: "greet", payload: {} }]).catch((error) => error);
    expect(among).toMatchObject({
      index: 2,
      message: expect.stringMatching(/^the payload is not greet's: /),
    });
    // Callers at once are each answered for themselves.
    const both = await Promise.allSettled([
      check([good]),
      check([good, { name: "later", payload: 3 }]),
      check([unchecked]),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    // A schema that throws says nothing of the payload.
    await check([{ name: "odd", payload: 1 }]);

    const app = buildApp(bed.database.store, { checkPayloads: (tasks) => runner.checkPayloads(tasks) });
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

  test("does not ask the thread about a task whose handler takes any payload", async () => {
    files.define("free.ts", "run() {}");
    files.define(
      "spin.ts",
      "async run(ms) { const end = performance.now() + ms; while (performance.now() < end); }",
    );
    const { runner, worker } = await startOwn({ checkMs: 60_000 });
    await enqueue({ name: "spin", payload: 1_000 });
    await until(() => worker.status().running === 1);
    await runner.checkPayloads([{ name: "free", payload: 1 }]);
    // The thread, which could not have answered, is still in it.
    expect(worker.status().running).toBe(1);
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
    const own = runner.names.filter((name) => !builtInNames.includes(name));
    expect(own.sort()).toEqual(["exit", "quick"]);
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
