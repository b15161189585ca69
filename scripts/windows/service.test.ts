/**
 * The executable as a native service under Wine's Service Control Manager, by our own commands. Wine's `sc` gets the words
 * that it lacks from `sc-of-windows.ts`; its icacls does nothing, all services are the same user's, and it keeps no recovery
 * actions: that no test has seen, and no real Windows has run any of it yet.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, openEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { pickFreePort } from "../../src/store/embedded/free-port.ts";
import { addServiceControl } from "./stand-ins.ts";
import { HANDLERS, PROGRAM, until, WorkerBed } from "./worker-bed.ts";

const VARIABLES = "C:\\Domínio Sistemas\\variáveis do serviço.env";
const KEY = "C:\\Domínio Sistemas\\chave da API.txt";
const DATA = "C:\\ProgramData\\fiscaut-tasks";

let bed: WorkerBed;
let database: EmbeddedPostgres;
let port: number;
let environment: Record<string, string>;
const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-windows-"));
beforeAll(async () => {
  bed = await WorkerBed.open();
  environment = { WINEPATH: await addServiceControl(bed.wine) };
  chmodSync(folder, 0o755); // where root runs the tests, Postgres runs as somebody else
  database = await openEmbeddedPostgres({ dataDir: join(folder, "data") });
  port = await pickFreePort();
  bed.wine.writeFile(VARIABLES, `DATABASE_URL='${database.url}'\r\nFISCAUT_TASKS_PORT=${port}\r\n`);
  bed.wine.writeFile(KEY, "test-key\r\n");
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await database?.close();
  rmSync(folder, { recursive: true });
});

const start = (verb: string, ...words: string[]) =>
  bed.start(["service", verb, "--manager", "windows", ...words], environment);

/** One of our own commands, which must succeed. */
async function service(verb: string, ...words: string[]): Promise<string> {
  const command = start(verb, ...words);
  expect({ code: await command.waitForExit(), said: command.describe() }).toMatchObject({ code: 0 });
  return command.output;
}

async function statusOf(): Promise<{ code: number; state: string; detail: string }> {
  const command = start("status", "--json");
  return { code: await command.waitForExit(), ...JSON.parse(command.output) };
}

test("a service is installed, started, runs tasks, is stopped once the running one has ended, and removed", async () => {
  const flags = ["--env-file", VARIABLES, "--secret-file", `FISCAUT_API_KEY_FILE=${KEY}`];
  expect(await service("install", ...flags, "--", "--handlers", HANDLERS)).toContain(
    "service fiscaut-tasks of windows is installed; start it: fiscaut-tasks service start --manager windows",
  );
  expect(await statusOf()).toMatchObject({ code: 3, state: "stopped" });
  const registered = await bed.wine.run("reg", [
    "query",
    "HKLM\\SYSTEM\\CurrentControlSet\\Services\\fiscaut-tasks",
  ]);
  for (const value of [
    /DisplayName\s+REG_SZ\s+Fiscaut tasks/,
    /ObjectName\s+REG_SZ\s+NT SERVICE\\fiscaut-tasks/,
    /Start\s+REG_DWORD\s+0x2/,
    /Environment\s+REG_MULTI_SZ\s+FISCAUT_API_KEY_FILE=C:\\Dom/,
  ])
    expect(registered.output).toMatch(value);

  await service("start");
  expect(await statusOf()).toMatchObject({ code: 0, state: "running" });
  const url = `http://127.0.0.1:${port}`;
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const id = await bed.startHeldTask(url);
  const stop = start("stop");
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, "it stops");
  bed.letGo();
  expect({ code: await stop.waitForExit(), said: stop.describe() }).toMatchObject({ code: 0 });
  expect(stop.output).toContain("service fiscaut-tasks is stopped");
  const shown = await bed.runForJson(["show", String(id), "--env-file", VARIABLES]);
  expect(shown).toMatchObject({ state: "succeeded", attempt: 1, result: "whole" });
  expect(await Bun.file(bed.wine.hostPath(`${DATA}\\logs\\fiscaut-tasks.log`)).text()).toContain(
    "is running",
  );

  expect(await service("uninstall")).toContain("service fiscaut-tasks of windows is removed");
  expect(await statusOf()).toMatchObject({ code: 4, state: "not installed" });
});

test("a service that can't start tells Windows its exit code", async () => {
  const line = `"${PROGRAM}" windows-service wrong run --port none`;
  await bed.wine.run("sc", ["create", "wrong", "binPath=", line]);
  await bed.wine.run("sc", ["start", "wrong"]);
  const query = async () => (await bed.wine.run("sc", ["query", "wrong"])).output;
  await until(async () => /STATE\s+: 1 /.test(await query()), "it has stopped");
  expect(await query()).toMatch(/WIN32_EXIT_CODE\s+: 1066 /);
  expect(await query()).toMatch(/SERVICE_EXIT_CODE\s+: 2 /);
});

test("as a service started by hand it says what it is for", async () => {
  const command = await bed.run(["windows-service", "fiscaut-tasks", "run"]);
  expect(await command.exited).toBe(2);
  expect(command.errors).toContain("Service Control Manager");
});
