/** The operator's own handlers in the compiled executable: TypeScript read at run time, and nothing to build. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtInNames } from "../../src/handlers/built-in.ts";
import { type HandlerFiles, makeHandlerFiles } from "../handlers/handler-files.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { endLeftovers, execute, executeJson, startRun } from "./executable.ts";

let database: TestDatabase;
let files: HandlerFiles;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => {
  files = makeHandlerFiles();
  env = { DATABASE_URL: database.url, FISCAUT_TASKS_HANDLERS: files.dir };
});
afterEach(async () => {
  await endLeftovers();
  files.remove();
});
afterAll(() => database.drop());

interface Shown {
  state: string;
  result: unknown;
  errors: { message: string; stack: string | null }[];
}
/** The task, when an attempt of it has ended. */
const ended = async (id: number) =>
  await until(async () => {
    const task = await executeJson<Shown>(["show", String(id)], env);
    return (!["pending", "running"].includes(task.state) || task.errors.length > 0) && task;
  }, 20_000);

function writeGreet(greeting: string): string {
  files.write(
    "_lib.ts",
    `export enum Tone { Low = "low", High = "high" }
     export const speak = (text: string, tone: Tone): string => tone === Tone.High ? text.toUpperCase() : text;`,
  );
  return files.write(
    "greet.ts",
    `import { defineHandler, z } from "fiscaut-tasks";
import { speak, Tone } from "./_lib.ts";

interface Greeting {
  greeting: string;
}

export default defineHandler({
  payload: z.object({ who: z.string(), tone: z.enum(Tone).default(Tone.High) }),
  async run({ who, tone }, { log }): Promise<Greeting> {
    log("greeting", { who });
    if (who === "nobody") throw new Error("there is nobody");
    return { greeting: speak(\`${greeting} \${who}\`, tone) };
  },
});
`,
  );
}

test("a TypeScript handler runs, with what it imports; its log, result and errors are its own", async () => {
  const path = writeGreet("hello");
  const broken = files.write("broken.ts", "const a = 1;\nexport default {;");
  const worker = await startRun([], env);
  expect(await worker.line("own handlers loaded")).toMatchObject({ handlers: "greet" });
  expect(await worker.line(`handler refused: ${broken}:2:17: `)).toMatchObject({ level: "error" });

  const { id } = await executeJson<{ id: number }>(["enqueue", "greet", `{"who": "Ana"}`], env);
  expect(await ended(id)).toMatchObject({ state: "succeeded", result: { greeting: "HELLO ANA" } });
  expect(await worker.line("greeting")).toMatchObject({ level: "info", task: id, who: "Ana" });

  const failing = ["enqueue", "greet", `{"who": "nobody"}`, "--max-attempts", "1"];
  const { id: other } = await executeJson<{ id: number }>(failing, env);
  expect(await ended(other)).toMatchObject({
    state: "failed",
    errors: [{ message: "there is nobody", stack: expect.stringContaining(`${path}:12:`) }],
  });
  expect(await worker.stop()).toBe(0);
});

test("a payload that is not the handler's is refused by HTTP with 400, by the command line with exit code 2", async () => {
  writeGreet("hello");
  const worker = await startRun([], env);
  const answer = await fetch(`${worker.url}/tasks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "greet", payload: { who: 5 } }),
  });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    detail: expect.stringMatching(/^the payload is not greet's: who: /),
  });
  for (const words of [
    ["enqueue", "greet", `{"who": 5}`],
    ["schedule", "add", "daily", "--cron", "0 8 * * *", "--task", "greet", `{"who": 5}`],
  ]) {
    const { exitCode, stderr } = await execute(words, env);
    expect(stderr).toMatch(/^error: the payload is not greet's: who: /);
    expect(exitCode).toBe(2);
  }
});

test("HTTP takes tasks in bounded time while a handler spins, and checks again when it has ended", async () => {
  writeGreet("hello");
  files.define(
    "spin.ts",
    "async run(ms) { const end = performance.now() + ms; while (performance.now() < end); }",
  );
  const worker = await startRun([], env);
  const post = async (body: unknown) => {
    const startedMs = performance.now();
    const { status } = await fetch(`${worker.url}/tasks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status, ms: performance.now() - startedMs };
  };
  await post({ name: "spin", payload: 4_000 });
  await worker.line("task started");
  const bad = { name: "greet", payload: { who: 5 }, delayMs: 3_600_000 };
  const meanwhile = await post(bad);
  expect(meanwhile.status).toBe(201);
  expect(meanwhile.ms).toBeLessThan(3_000);
  await worker.line("task succeeded");
  await until(async () => (await post(bad)).status === 400);
  expect(await worker.stop()).toBe(0);
});

test("with --dev a changed, an added and a broken file are taken up while the worker runs", async () => {
  writeGreet("hello");
  const worker = await startRun(["--dev"], env);
  const greet = async () => {
    const { id } = await executeJson<{ id: number }>(["enqueue", "greet", `{"who": "Ana"}`], env);
    return (await ended(id)).result;
  };
  expect(await greet()).toEqual({ greeting: "HELLO ANA" });
  const loads = () => worker.lines.filter(({ message }) => message === "own handlers loaded").length;
  writeGreet("good morning");
  await until(() => loads() === 2);
  expect(await greet()).toEqual({ greeting: "GOOD MORNING ANA" });
  const added = files.write("added.ts", "const a = 1;\nexport default {;");
  await worker.line(`handler refused: ${added}:2:`);
  expect(await greet()).toEqual({ greeting: "GOOD MORNING ANA" });
  files.define("added.ts", "run: () => 1");
  await until(() => worker.lines.some(({ handlers }) => handlers === "added,greet"));
  const { id } = await executeJson<{ id: number }>(["enqueue", "added"], env);
  expect((await ended(id)).result).toBe(1);
  expect(await worker.stop()).toBe(0);
});

describe("handlers", () => {
  test("list shows built-in and own ones, and what is refused, without a database", async () => {
    const path = files.define(
      "slow.ts",
      `name: "office.slow", timeoutMs: 90_000, backoff: "fixed:60s", run() {}`,
    );
    const bad = files.write("bad.ts", "export const a = 1;");
    const listed = await executeJson(["handlers", "list"], { FISCAUT_TASKS_HANDLERS: files.dir });
    const none = { file: null, timeoutMs: null, backoff: null };
    expect(listed).toEqual({
      dir: files.dir,
      handlers: [
        ...builtInNames.map((name) => ({ name, ...none })),
        { name: "office.slow", file: path, timeoutMs: 90_000, backoff: "fixed:1m" },
      ],
      faults: [{ file: bad, message: expect.stringContaining(`${bad}: has no default export`) }],
    });
    const { stdout } = await execute(["handlers", "list", "--handlers", files.dir]);
    expect(stdout).toMatch(/^office\.slow +1m30s +fixed:1m +\/.*slow\.ts$/m);
    expect(stdout).toContain(`refused: ${bad}: has no default export`);
  });

  test("check tells every fault with its position and exits with 1, or a line a handler", async () => {
    const good = files.define("good.ts", "run() {}");
    const all = ["handlers", "check", "--handlers", files.dir];
    expect(await execute(all)).toEqual({ exitCode: 0, stdout: `good: ${good}\n`, stderr: "" });
    const first = files.write("a.ts", "export default {;");
    const second = files.write("b.ts", "\n\nthrow new Error('no table');");
    const { exitCode, stdout, stderr } = await execute(all);
    expect([exitCode, stdout]).toEqual([1, `good: ${good}\n`]);
    expect(stderr.split("\n")).toEqual([
      expect.stringContaining(`error: ${first}:1:17: Expected identifier`),
      `error: ${second}:3:11: no table`,
      "",
    ]);
    expect((await execute(["handlers", "check", good])).exitCode).toBe(0);
    expect((await execute(["handlers", "check", good, second])).exitCode).toBe(1);
    const missing = await execute(["handlers", "check", "/nowhere/x.ts"]);
    expect(missing).toMatchObject({ exitCode: 1, stderr: "error: /nowhere/x.ts does not exist\n" });
  });

  test("are found beside the configuration file; a folder that is named must exist", async () => {
    const config = files.write("fiscaut-tasks.toml", "");
    mkdirSync(join(files.dir, "handlers"));
    const path = join(files.dir, "handlers/beside.js");
    writeFileSync(
      path,
      `import { defineHandler } from "fiscaut-tasks"; export default defineHandler({ run() {} });`,
    );
    const found = await execute(["handlers", "check", "--config", config]);
    expect(found.stdout).toBe(`beside: ${path}\n`);
    for (const command of [["handlers", "list"], ["run"]]) {
      const { exitCode, stderr } = await execute([...command, "--handlers", "/nowhere"], env);
      expect(stderr).toBe(
        "error: --handlers: there is no folder /nowhere\nTry: make it, or leave the setting out\n",
      );
      expect(exitCode).toBe(78);
    }
    const nothing = await execute(["run", "--dev"], { DATABASE_URL: database.url });
    expect(nothing.stderr).toContain("--dev: there is no folder of your own handlers to watch");
    expect(nothing.exitCode).toBe(2);
  });
});
