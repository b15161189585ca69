/**
 * Programs and isolated handlers with the Windows executable: what they are given, and that they die with all they have
 * started. What is the same on every system is tested in test/e2e/own-processes.test.ts.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { type EmbeddedPostgres, openEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { makeFolder } from "../../test/e2e/executable.ts";
import { enqueue, finishedTask, type RunningWorker, until, WorkerBed } from "./worker-bed.ts";

const HANDLERS = "C:\\Escritório (novo)\\handlers";
/** Nobody else pings so often. */
const PINGS = 4711;

let bed: WorkerBed;
let database: EmbeddedPostgres;
let worker: RunningWorker;
const folder = await makeFolder();
beforeAll(async () => {
  bed = await WorkerBed.open();
  database = await openEmbeddedPostgres({ dataDir: `${folder.path}/data` });
  const program = (name: string, ...lines: string[]) =>
    bed.wine.writeFile(`${HANDLERS}\\${name}`, ["@echo off", ...lines, ""].join("\r\n"));
  program(
    "greet.cmd",
    "set /p payload=",
    "echo of %payload% 1>&2",
    `echo {"task": %FISCAUT_TASK_ID%, "payload": %payload%, "secret": "%DATABASE_URL%", "folder": "%CD:\\=/%"}`,
  );
  program("refuse.bat", "echo a bad payload 1>&2", "exit 65");
  program("lasting.cmd", `ping -n ${PINGS} 127.0.0.1`);
  const isolated = (name: string, run: string) =>
    bed.wine.writeFile(
      `${HANDLERS}\\${name}`,
      `import { defineHandler } from "fiscaut-tasks";
       export default defineHandler({ isolate: true, async run(payload, context) { ${run} } });`,
    );
  isolated("alone.ts", "return { pid: process.pid, own: (await context.tasks.find(context.task.id)).name };");
  isolated("spin.ts", "for (;;);");
  worker = await bed.startWorker(["--handlers", HANDLERS], { DATABASE_URL: database.url });
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await database?.close();
  folder.remove();
});

async function run(name: string, more: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  return await finishedTask(worker.url, await enqueue(worker.url, { name, maxAttempts: 1, ...more }));
}

/** As Linux sees it. */
const isPinging = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(String(PINGS));
      } catch {
        return false;
      }
    });

test("a .cmd file is given the payload and prints the result, in its own folder and without secrets", async () => {
  const task = await run("greet", { payload: { company: 1 } });
  expect(task).toMatchObject({
    state: "succeeded",
    result: {
      task: task["id"],
      payload: { company: 1 },
      secret: "",
      folder: expect.stringContaining("/handlers"),
    },
  });
});

test("a .bat file fails its task for good with exit code 65", async () => {
  expect(await run("refuse", { maxAttempts: 5 })).toMatchObject({
    state: "failed",
    attempt: 1,
    errors: [{ message: "exit code 65: a bad payload" }],
  });
});

test("a program is ended at its time-out, with what it has started", async () => {
  const running = run("lasting", { timeoutMs: 8_000 });
  await until(async () => isPinging(), "it pings");
  expect(await running).toMatchObject({ state: "failed", errors: [{ message: "timed out after 8000 ms" }] });
  await until(async () => !isPinging(), "it pings no more");
});

test("an isolated handler has its own process and its worker's verbs, and is killed when it spins", async () => {
  expect(await run("alone")).toMatchObject({
    state: "succeeded",
    result: { pid: expect.any(Number), own: "alone" },
  });
  expect(await run("spin", { timeoutMs: 3_000 })).toMatchObject({
    state: "failed",
    errors: [{ message: "timed out after 3000 ms" }],
  });
  expect(await run("alone")).toMatchObject({ state: "succeeded" });
});

test("what a program has started ends with a worker that is killed", async () => {
  await enqueue(worker.url, { name: "lasting" });
  await until(async () => isPinging(), "it pings");
  worker.process.kill();
  await until(async () => !isPinging(), "it pings no more");
});
