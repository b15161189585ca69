/**
 * The executable as a native service under Wine's Service Control Manager. How it is registered, which Wine's `sc` knows
 * half of, is the affair of `service-scripts.test.ts`; no real Windows has run either yet.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, openEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { pickFreePort } from "../../src/store/embedded/free-port.ts";
import { PROGRAM, until, WorkerBed } from "./worker-bed.ts";

const HANDLERS = "C:\\Rotinas do escritório";
const VARIABLES = "C:\\Domínio Sistemas\\variáveis do serviço.env";

let bed: WorkerBed;
let database: EmbeddedPostgres;
let port: number;
const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-windows-"));
beforeAll(async () => {
  bed = await WorkerBed.open();
  await bed.wine.keepServices();
  chmodSync(folder, 0o755); // where root runs the tests, Postgres runs as somebody else
  database = await openEmbeddedPostgres({ dataDir: join(folder, "data") });
  port = await pickFreePort();
  bed.wine.writeFile(VARIABLES, `DATABASE_URL='${database.url}'\r\nFISCAUT_TASKS_PORT=${port}\r\n`);
  bed.wine.writeFile(
    `${HANDLERS}\\slow.ts`,
    `import { defineHandler } from "fiscaut-tasks";
     export default defineHandler({ async run({ ms }) { await Bun.sleep(ms); return "whole"; } });`,
  );
}, 600_000);
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await database?.close();
  rmSync(folder, { recursive: true });
}, 60_000);

/** Enqueues a task of so long, and waits until it runs. */
async function startSlowTask(url: string, ms: number): Promise<number> {
  const response = await fetch(`${url}/tasks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "slow", payload: { ms } }),
  });
  const { id } = (await response.json()) as { id: number };
  const state = async () => ((await (await fetch(`${url}/tasks/${id}`)).json()) as { state: string }).state;
  await until(async () => (await state()) !== "pending", "it runs");
  return id;
}

const sc = async (...words: string[]) => {
  const ran = await bed.wine.run("sc", words);
  return { code: await ran.exited, said: ran.output };
};
const stateOf = async (name: string) => /STATE\s+: \d\s+(\w+)/.exec((await sc("query", name)).said)?.[1];
const inState = (name: string, state: string) => until(async () => (await stateOf(name)) === state, state);

/** Registers as `service install` does, for what Wine's `sc` knows. @returns what `sc start` came to. */
async function start(name: string, ...words: string[]): Promise<void> {
  const line = [`"${PROGRAM}"`, "windows-service", name, ...words].join(" ");
  expect((await sc("create", name, "binPath=", line)).code).toBe(0);
  expect((await sc("start", name)).code).toBe(0);
}

test("a started service runs tasks, and a stop lets the running one end", async () => {
  await start("fiscaut-tasks", "run", "--env-file", `"${VARIABLES}"`, "--handlers", `"${HANDLERS}"`);
  await inState("fiscaut-tasks", "RUNNING");
  const url = `http://127.0.0.1:${port}`;
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const id = await startSlowTask(url, 8_000);
  expect((await sc("stop", "fiscaut-tasks")).code).toBe(0);
  await inState("fiscaut-tasks", "STOPPED");
  expect((await sc("query", "fiscaut-tasks")).said).toMatch(/WIN32_EXIT_CODE\s+: 0 /);
  const shown = await bed.runForJson(["show", String(id), "--env-file", VARIABLES]);
  expect(shown).toMatchObject({ state: "succeeded", attempt: 1, result: "whole" });
}, 180_000);

test("a service that can't start tells Windows its exit code", async () => {
  await start("wrong", "run", "--port", "none");
  await inState("wrong", "STOPPED");
  const { said } = await sc("query", "wrong");
  expect(said).toMatch(/WIN32_EXIT_CODE\s+: 1066 /);
  expect(said).toMatch(/SERVICE_EXIT_CODE\s+: 2 /);
}, 120_000);

test("as a service started by hand it says what it is for", async () => {
  const command = await bed.run(["windows-service", "fiscaut-tasks", "run"]);
  expect(await command.exited).toBe(2);
  expect(command.errors).toContain("Service Control Manager");
}, 120_000);
