/** Hooks in their thread, with files as an operator writes them: order, bounds, and what none of them can do. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { HookFault } from "../../src/hooks/hook-messages.ts";
import { HookRunner, type HookRunnerOptions } from "../../src/hooks/hook-runner.ts";
import { spawnHooks } from "../../src/hooks/spawn-hooks.ts";
import type { EngineEvent } from "../../src/task/events.ts";
import { until } from "../until.ts";
import { type HookFiles, makeHookFiles } from "./hook-files.ts";

let files: HookFiles;
let runner: HookRunner | undefined;
const faults: HookFault[] = [];
beforeEach(() => {
  files = makeHookFiles();
  faults.length = 0;
});
afterEach(async () => {
  await runner?.stop(0);
  runner = undefined;
  files.remove();
});

async function start(text: string, limits: Partial<HookRunnerOptions["limits"]> = {}): Promise<HookRunner> {
  const path = files.write("hooks.ts", text);
  runner = await HookRunner.start({
    path,
    spawn: spawnHooks,
    onFault: (fault) => faults.push(fault),
    limits: { importMs: 5_000, callMs: 5_000, blockedMs: 5_000, mostWaiting: 1_000, ...limits },
  });
  return runner;
}
const task = (id: number) => ({ id, name: "a", queue: "q", attempt: 1 });
const started = (id: number): EngineEvent => ({ kind: "started", task: task(id) });
const failed = (id: number): EngineEvent => ({
  kind: "failed",
  task: task(id),
  durationMs: 1,
  message: "no",
});

test("a hook is told of the moments that it listens to, with the task and the moment's own facts", async () => {
  const hooks = await start("export function failed(event) { note(event); }");
  hooks.take(started(7));
  hooks.take(failed(7));
  await hooks.stop(5_000);
  expect(files.noted()).toEqual([
    { kind: "failed", message: "no", task: task(7), at: expect.stringMatching(/^\d{4}-.*Z$/) },
  ]);
  expect(faults).toBeEmpty();
});

test("a task's moments are told in order, each after the hook has ended with the one before", async () => {
  const hooks = await start(`
    export async function onEvent({ kind, task }) {
      await Bun.sleep(kind === "started" ? 40 : 0);
      note([task.id, kind]);
    }`);
  for (const id of [1, 2]) for (const event of [started(id), failed(id)]) hooks.take(event);
  await hooks.stop(5_000);
  for (const id of [1, 2])
    expect(files.noted().filter((note) => (note as unknown[])[0] === id)).toEqual(
      ["started", "errored", "failed", "finished"].map((kind) => [id, kind]),
    );
});

test("a hook that throws, at once or later, is told of, and the others are called nevertheless", async () => {
  const hooks = await start(`
    export function onEvent() { throw new Error("at once"); }
    export async function failed() { await 0; throw "later"; }
    export function finished({ task }) { note(task.id); }`);
  hooks.take(failed(3));
  await hooks.stop(5_000);
  expect(files.noted()).toEqual([3]);
  const told = faults.map(({ message, moment }) => [message.split("\n")[0], moment?.kind, moment?.taskId]);
  expect(told).toEqual([
    ["Error: at once", "errored", 3],
    ["Error: at once", "failed", 3],
    ["later", "failed", 3],
    ["Error: at once", "finished", 3],
  ]);
});

test("a hook that never ends is given up after its time, and the task's next moment is told", async () => {
  const hooks = await start(
    `export function started() { return new Promise(() => {}); }
     export function failed({ task }) { note(task.id); }`,
    { callMs: 50 },
  );
  hooks.take(started(4));
  hooks.take(failed(4));
  await until(() => files.noted().length === 1 && faults.length === 1);
  expect(faults).toMatchObject([
    { message: "did not end within 50 ms; it is left to itself", moment: { taskId: 4 } },
  ]);
});

test("a hook that blocks its thread blocks nobody else, and the thread is replaced", async () => {
  const hooks = await start(
    `export function started() { for (;;); }
     export function failed({ task }) { note(task.id); }`,
    { callMs: 50, blockedMs: 100 },
  );
  hooks.take(started(5));
  hooks.take(failed(5));
  await until(() => faults.length > 0);
  expect(faults).toEqual([{ message: "they block their thread; events lost: 2; they are started again" }]);
  hooks.take(failed(6));
  await until(() => files.noted().length > 0);
  expect(files.noted()).toEqual([6]);
});

test("a hook that ends its own thread is started again", async () => {
  const hooks = await start(`
    export function started() { process.exit(3); }
    export function failed({ task }) { note(task.id); }`);
  hooks.take(started(1));
  await until(() => faults.length > 0);
  expect(faults[0]?.message).toContain("ended their own thread; events lost: 1");
  hooks.take(failed(2));
  await until(() => files.noted().length > 0);
  expect(files.noted()).toEqual([2]);
});

test("what waits for slow hooks is bounded: the rest is dropped, and said once", async () => {
  const hooks = await start("export function started() { return new Promise(() => {}); }", {
    mostWaiting: 10,
  });
  for (let id = 1; id <= 200; id++) hooks.take(started(id));
  expect(faults).toEqual([{ message: "the hooks are too slow: events are dropped" }]);
  await hooks.stop(1);
  expect(faults.at(-1)?.message).toBe("74 events were not told: the worker stops");
});

test("a file that can't be used is refused, with what to do", async () => {
  const refused = await start("export function faild() {}").catch((error) => error);
  expect(refused).toMatchObject({
    kind: "config",
    message: expect.stringContaining("exports a function faild"),
    hint: "correct the file, or run without --hooks",
  });
});
