/** Programs and isolated handlers with the compiled executable: what they are given, and that they die when they must. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { findTask } from "../../src/store/find.ts";
import { type HandlerFiles, makeHandlerFiles } from "../handlers/handler-files.ts";
import { isAlive } from "../handlers/program-bed.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { endLeftovers, execute, executeJson, type RunningWorker, startRun } from "./executable.ts";

let database: TestDatabase;
let files: HandlerFiles;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createDatabase();
  files = makeHandlerFiles();
  env = {
    DATABASE_URL: database.url,
    FISCAUT_API_KEY: "not-to-be-seen",
    FISCAUT_API_URL: "http://127.0.0.1:9",
  };
  writeProgram("report.sh", `echo "of $(cat)" >&2; echo 'progress 0.5 half' >&2; echo '{"sent": 3}'`);
  writeProgram("environment", `env; printf '%s\\n' "--"; tr '\\0' '\\n' < /proc/$PPID/cmdline`);
  writeProgram("lasting.sh", `sleep 300 & echo "pids $$ $!" >&2; wait`);
  files.define(
    "alone.ts",
    `isolate: true, payload: z.object({ n: z.number() }),
     async run({ n }, context) {
       context.log("alone", { n });
       const { id } = await context.enqueue({ name: "elsewhere", payload: { n } });
       return { pid: process.pid, id, secrets: Object.keys(process.env).filter((name) => /DATABASE|API_KEY|BUN_/.test(name)) };
     }`,
  );
  files.define(
    "spin.ts",
    `isolate: true, async run(_, context) { context.log("pids " + process.pid); await Bun.sleep(1); for (;;); }`,
  );
  files.define("crash.ts", `isolate: true, run() { console.error("out of paper"); process.exit(9); }`);
  files.define("block.ts", "run() { for (;;); }");
  files.define("beside.ts", "run: (payload) => payload");
});
afterEach(endLeftovers);
afterAll(async () => {
  files.remove();
  await database.drop();
});

function writeProgram(name: string, script: string): void {
  chmodSync(files.write(name, `#!/bin/sh\n${script}\n`), 0o755);
}
const start = () => startRun(["--handlers", files.dir, "--drain-timeout", "500ms"], env);
const enqueue = async (name: string, payload: unknown = {}, ...flags: string[]) =>
  (await executeJson<{ id: number }>(["enqueue", name, JSON.stringify(payload), ...flags], env)).id;
const find = (id: number) => findTask(database.store, id);
async function finished(id: number) {
  await until(async () => ["succeeded", "failed"].includes((await find(id))?.state ?? ""), 20_000);
  return await find(id);
}
async function errorOf(id: number): Promise<string | undefined> {
  await until(async () => (await find(id))?.errors.length, 20_000);
  return (await find(id))?.error?.message;
}
async function pidsOf(worker: RunningWorker, id: number): Promise<number[]> {
  const line = await until(
    () => worker.lines.find((line) => line["task"] === id && String(line["message"]).startsWith("pids ")),
    20_000,
  );
  return String(line["message"]).split(" ").slice(1).map(Number);
}

describe("a program", () => {
  test("is run with its payload, and its result, log and progress are kept", async () => {
    const worker = await start();
    const id = await enqueue("report", { company: 1 });
    expect(await finished(id)).toMatchObject({ state: "succeeded", result: { sent: 3 } });
    expect(await worker.line(`of {"company":1}`)).toMatchObject({ task: id, name: "report", attempt: 1 });
    expect(await worker.line("task progress")).toMatchObject({ fraction: 0.5, message: expect.anything() });
  });

  test("is handed down no secret", async () => {
    await start();
    const result = String((await finished(await enqueue("environment")))?.result);
    expect(result).toMatch(/^FISCAUT_TASK_NAME=environment$/m);
    expect(result).toMatch(/^FISCAUT_API_URL=/m);
    expect(result).not.toContain("not-to-be-seen");
    expect(result).not.toContain(database.url);
  });

  test("is ended at its time-out, with all that it has started", async () => {
    const worker = await start();
    const id = await enqueue("lasting", {}, "--timeout", "500ms");
    const pids = await pidsOf(worker, id);
    expect(pids.length).toBe(2);
    expect(await errorOf(id)).toBe("timed out after 500 ms");
    await until(() => !pids.some(isAlive));
  });

  test("is cancelled, and ended by a stop, which gives its task back", async () => {
    const worker = await start();
    const cancelled = await enqueue("lasting");
    const cancelledPids = await pidsOf(worker, cancelled);
    await executeJson(["cancel", String(cancelled)], env);
    await until(async () => (await find(cancelled))?.state === "cancelled");
    await until(() => !cancelledPids.some(isAlive));
    const id = await enqueue("lasting");
    const pids = await pidsOf(worker, id);
    expect(await worker.stop()).toBe(75);
    expect(await find(id)).toMatchObject({ state: "pending", attempt: 0 });
    expect(pids.some(isAlive)).toBe(false);
    await executeJson(["cancel", String(id)], env);
  });
});

describe("an isolated handler", () => {
  test("runs in a process of its own, and enqueues by its worker", async () => {
    const worker = await start();
    const id = await enqueue("alone", { n: 4 });
    const task = await finished(id);
    const result = task?.result as { pid: number; id: number };
    expect(result).toEqual({ pid: expect.any(Number), id: expect.any(Number), secrets: [] } as never);
    expect(result.pid).not.toBe(worker.pid);
    expect(await find(result.id)).toMatchObject({ name: "elsewhere", payload: { n: 4 } });
    expect(await worker.line("alone")).toMatchObject({ task: id, n: 4 });
  });

  test("that spins is killed at its time-out, and those beside it notice nothing", async () => {
    const worker = await start();
    const spinning = await enqueue("spin", {}, "--timeout", "1s");
    const [pid = 0] = await pidsOf(worker, spinning);
    const beside = await enqueue("beside", 1);
    expect(await finished(beside)).toMatchObject({ state: "succeeded", attempt: 1, result: 1 });
    expect(await errorOf(spinning)).toBe("timed out after 1000 ms");
    await until(() => !isAlive(pid));
    expect(worker.lines.filter(({ message }) => /restarted|abandoned/.test(String(message)))).toEqual([]);
  });

  test("that ends its process costs an attempt, and tells its last words", async () => {
    const worker = await start();
    expect(await errorOf(await enqueue("crash"))).toBe(
      "its process ended before it did: exit code 9: out of paper",
    );
    expect(worker.lines.filter(({ message }) => /restarted/.test(String(message)))).toEqual([]);
  });

  test("is not started by hand", async () => {
    const { exitCode, stderr } = await execute(["isolated-handler"]);
    expect(stderr).toBe("error: isolated-handler is for the worker alone\nTry: fiscaut-tasks run\n");
    expect(exitCode).toBe(2);
  });
});

test("a worker that is killed takes its programs and isolated handlers along", async () => {
  const worker = await start();
  const [program, isolated] = [await enqueue("lasting"), await enqueue("spin")];
  const pids = [...(await pidsOf(worker, program)), ...(await pidsOf(worker, isolated))];
  expect(pids.map(isAlive)).toEqual([true, true, true]);
  worker.signal("SIGKILL");
  await worker.exited;
  await until(() => !pids.some(isAlive));
});

test("a thread of handlers that is replaced takes its programs along, which run again, never twice at once", async () => {
  const worker = await start();
  const id = await enqueue("lasting");
  const pids = await pidsOf(worker, id);
  await enqueue("block", {}, "--timeout", "200ms", "--max-attempts", "1");
  await worker.line("handlers restarted");
  await until(() => !pids.some(isAlive));
  const again = await until(() => {
    const lines = worker.lines.filter(({ task, message }) => task === id && /^pids /.test(String(message)));
    return lines.length === 2 && lines;
  }, 20_000);
  expect(again.map(({ attempt }) => attempt)).toEqual([1, 1]);
  await executeJson(["cancel", String(id)], env);
}, 40_000);
