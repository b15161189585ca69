/** The program of a real Supervisor: installed, started, restarted, stopped and removed by the executable's own commands. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { until } from "../../test/until.ts";
import { EXECUTABLE, ServiceBed } from "./service-bed.ts";

const dataFolder = "/var/lib/fiscaut-tasks";
const conf = "/etc/supervisor/conf.d/fiscaut-tasks.conf";
const key = "a-key-of-fiscaut";
let bed: ServiceBed;
beforeAll(async () => {
  bed = await ServiceBed.open();
  bed.write("/etc/fiscaut-tasks/fiscaut-tasks.toml", 'concurrency = 3\nlease = "5s"\n');
  bed.write("/etc/fiscaut-tasks/env", `FISCAUT_API_URL=http://127.0.0.1:9\nFISCAUT_API_KEY=${key}\n`);
  bed.write("/etc/fiscaut-tasks/handlers/lasting", "#!/bin/sh\nuntil test -e /run/go; do sleep 0.1; done\n");
  chmodSync(bed.path("/etc/fiscaut-tasks/handlers/lasting"), 0o755);
}, 120_000);
afterAll(() => bed?.[Symbol.asyncDispose]());

const service = (verb: string, ...words: string[]) => bed.service(verb, "--manager", "supervisor", ...words);
const install = (...words: string[]) => service("install", "--env-file", "/etc/fiscaut-tasks/env", ...words);
const command = (...words: string[]) =>
  bed.mustRun([EXECUTABLE, ...words, "--data-dir", dataFolder, "--json"]);
type Shown = { state: string; attempt: number };
const show = async (id: number) => JSON.parse(await command("show", String(id))) as Shown;
async function runLasting(): Promise<number> {
  const { id } = JSON.parse(await command("enqueue", "lasting")) as { id: number };
  await until(async () => (await show(id)).state === "running", 30_000);
  return id;
}
const pid = async () => (await bed.mustRun(["supervisorctl", "pid", "fiscaut-tasks"])).trim();
const isRunning = async () => (await service("status")).exitCode === 0;

test("an install is told first, and holds no secret", async () => {
  const told = await install("--dry-run");
  expect(told.stdout).toContain(`write ${conf} (mode 0644):`);
  expect(existsSync(bed.path(conf))).toBe(false);
  expect((await service("status")).exitCode).toBe(4);
  expect(await install()).toMatchObject({ exitCode: 0, stderr: "" });
  expect((await service("print", "--env-file", "/etc/fiscaut-tasks/env")).stdout).not.toContain(key);
  expect((await service("status")).exitCode).toBe(3);
  expect((await install()).stdout).toContain("was installed already, and nothing had to change");
}, 60_000);

test("it runs as its own user, with the variables of its file", async () => {
  expect(await service("start")).toMatchObject({ exitCode: 0, stderr: "" });
  await until(isRunning, 60_000);
  expect((await service("status")).stdout).toContain("running: RUNNING, pid ");
  expect(await bed.mustRun(["stat", "--format=%U", `/proc/${await pid()}`])).toBe("fiscaut-tasks\n");
  const log = await until(async () => {
    const text = await bed.mustRun(["cat", "/var/log/fiscaut-tasks/fiscaut-tasks.log"]);
    return text.includes(" is running") && text;
  }, 60_000);
  expect(log).not.toContain("FISCAUT_API_KEY is not set");
}, 90_000);

test("a worker that is killed is started again, and its task with it", async () => {
  const id = await runLasting();
  const before = await pid();
  await bed.mustRun(["sh", "-c", `kill -9 ${before}`]);
  await until(async () => (await isRunning()) && (await pid()) !== before, 60_000);
  bed.write("/run/go", "");
  await until(async () => (await show(id)).state === "succeeded", 60_000);
  rmSync(bed.path("/run/go"));
}, 120_000);

test("a stop drains, and ends as stopped", async () => {
  const id = await runLasting();
  const stopping = service("stop");
  await until(
    async () => (await bed.run(["supervisorctl", "status", "fiscaut-tasks"])).stdout.includes("STOPPING"),
    20_000,
  );
  bed.write("/run/go", "");
  expect((await stopping).stdout).toContain("is stopped: STOPPED");
  expect(await show(id)).toMatchObject({ state: "succeeded" });
  expect((await service("status")).exitCode).toBe(3);
  expect((await service("stop")).exitCode).toBe(0);
}, 60_000);

test("a restart takes over what an install has changed", async () => {
  const changed = await install("--", "--concurrency", "2");
  expect(changed.stdout).toContain(`changed ${conf}`);
  expect(await service("restart")).toMatchObject({ exitCode: 0, stderr: "" });
  await until(isRunning, 60_000);
  const words = (await bed.mustRun(["cat", `/proc/${await pid()}/cmdline`])).split("\0");
  expect(words.slice(words.indexOf("--concurrency"), -1)).toEqual([
    "--concurrency",
    "2",
    "--env-file",
    "/etc/fiscaut-tasks/env",
  ]);
}, 90_000);

test("an uninstall stops it and leaves the data", async () => {
  expect(await service("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(existsSync(bed.path(conf))).toBe(false);
  expect(existsSync(bed.path(`${dataFolder}/database`))).toBe(true);
  expect((await service("status")).exitCode).toBe(4);
}, 60_000);
