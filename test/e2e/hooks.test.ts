/** The operator's hooks file in the compiled executable: read at run time, told of a task's life, refused when bad. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { type HookFiles, makeHookFiles } from "../hooks/hook-files.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { endLeftovers, execute, executeJson, startRun } from "./executable.ts";

let database: TestDatabase;
let files: HookFiles;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createDatabase();
  files = makeHookFiles();
  env = { DATABASE_URL: database.url };
});
afterEach(endLeftovers);
afterAll(async () => {
  files.remove();
  await database.drop();
});

const nothingThere = `{"company": 1, "source": "csv:/nowhere"}`;

test("hooks hear of a task's whole life, whatever they do, and metrics count it", async () => {
  const path = files.write(
    "hooks.ts",
    `enum Tone { Low = "low" }
     export function onEvent({ kind, task }: { kind: string; task: { id: number } }) { note([task.id, kind, Tone.Low]); }
     export function started() { throw new Error("from a hook"); }`,
  );
  const worker = await startRun(["--hooks", path], env);
  const { id } = await executeJson<{ id: number }>(["enqueue", "fiscaut.sync-suppliers", nothingThere], env);
  await worker.line("task failed");
  const ofTask = () => files.noted().filter((note) => (note as unknown[])[0] === id);
  await until(() => ofTask().length === 4);
  expect(ofTask()).toEqual(["started", "errored", "failed", "finished"].map((kind) => [id, kind, "low"]));
  expect(await worker.line("hooks: Error: from a hook")).toMatchObject({
    level: "warn",
    event: "started",
    task: id,
  });

  const metrics = await (await fetch(`${worker.url}/metrics`)).text();
  const lane = `name="fiscaut.sync-suppliers",queue="default"`;
  expect(metrics).toContain(`fiscaut_tasks_started_total{${lane}} 1\n`);
  expect(metrics).toContain(`fiscaut_tasks_attempts_total{${lane},outcome="failed"} 1\n`);
  expect(metrics).toMatch(/^fiscaut_tasks_build_info\{version="[^"]+",commit="[^"]+"\} 1$/m);

  const created = await fetch(`${worker.url}/tasks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "elsewhere.task" }),
  });
  const { id: other } = (await created.json()) as { id: number };
  await until(() =>
    files.noted().some((note) => JSON.stringify(note) === JSON.stringify([other, "created", "low"])),
  );
  expect(await worker.stop()).toBe(0);
});

test("hooks hear of what commands do, and a command does its work though they are no good", async () => {
  const path = files.write(
    "by-hand.ts",
    `export function onEvent({ kind, task }) { note([task.id, kind]); }`,
  );
  const withHooks = { ...env, FISCAUT_TASKS_HOOKS: path };
  const enqueue = ["enqueue", "elsewhere.task"];
  const { id } = await executeJson<{ id: number }>(enqueue, withHooks);
  expect(await execute(["cancel", String(id)], withHooks)).toMatchObject({ exitCode: 0 });
  expect(files.noted().slice(-3)).toEqual([
    [id, "created"],
    [id, "cancelled"],
    [id, "finished"],
  ]);

  const { stdout, stderr, exitCode } = await execute(enqueue, {
    ...env,
    FISCAUT_TASKS_HOOKS: "/nowhere/hooks.ts",
  });
  expect(stdout).toMatch(/^task \d+ enqueued/);
  expect(stderr).toContain("hooks: /nowhere/hooks.ts does not exist");
  expect(exitCode).toBe(0);
});

test("a file that can't be parsed is refused at the start with exit code 78, with line and column", async () => {
  const path = files.write("bad.ts", "export function failed(event: {) {}");
  const { exitCode, stderr } = await execute(["run", "--hooks", path], env);
  expect(stderr).toMatch(/bad\.ts:2:\d+: .*\nTry: correct the file, or run without --hooks/);
  expect(exitCode).toBe(78);
});

test("a file that does not exist is refused with exit code 78, also when the environment names it", async () => {
  const { exitCode, stderr } = await execute(["run"], { ...env, FISCAUT_TASKS_HOOKS: "/nowhere/hooks.ts" });
  expect(stderr).toContain("hooks: /nowhere/hooks.ts does not exist");
  expect(exitCode).toBe(78);
});
