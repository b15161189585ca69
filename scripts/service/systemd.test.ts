/** The service of a real systemd: installed, started, watched, stopped and updated by the executable's own commands. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { until } from "../../test/until.ts";
import { EXECUTABLE, ServiceBed } from "./service-bed.ts";

const dataFolder = "/var/lib/fiscaut-tasks";
const unit = "/etc/systemd/system/fiscaut-tasks.service";
const key = "a-key-of-fiscaut";
let bed: ServiceBed;
beforeAll(async () => {
  bed = await ServiceBed.open();
  bed.write("/etc/fiscaut-tasks/fiscaut-tasks.toml", 'concurrency = 3\nlease = "5s"\n');
  bed.write("/etc/fiscaut-tasks/env", "FISCAUT_API_URL=http://127.0.0.1:9\n", 0o600);
  bed.write("/etc/fiscaut-tasks/api-key", `${key}\n`, 0o600);
  writeHandler("environment", "#!/bin/sh\nenv >&2\n");
  writeHandler("lasting", "#!/bin/sh\nuntil test -e /run/go; do sleep 0.1; done\n");
  bed.write(
    "/etc/fiscaut-tasks/handlers/alone.ts",
    `import { defineHandler } from "fiscaut-tasks";
     export default defineHandler({ name: "alone", isolate: true, run: () => ({ pid: process.pid }) });`,
  );
}, 120_000);
afterAll(() => bed?.[Symbol.asyncDispose]());

function writeHandler(name: string, script: string): void {
  const path = `/etc/fiscaut-tasks/handlers/${name}`;
  bed.write(path, script);
  chmodSync(bed.path(path), 0o755);
}

const install = (...words: string[]) =>
  bed.service(
    "install",
    "--env-file",
    "/etc/fiscaut-tasks/env",
    "--secret-file",
    "FISCAUT_API_KEY_FILE=/etc/fiscaut-tasks/api-key",
    ...words,
  );
const shown = async (property: string) =>
  (await bed.mustRun(["systemctl", "show", "--value", `--property=${property}`, "fiscaut-tasks"])).trim();
const command = (...words: string[]) =>
  bed.mustRun([EXECUTABLE, ...words, "--data-dir", dataFolder, "--json"]);
const enqueue = async (name: string) => (JSON.parse(await command("enqueue", name)) as { id: number }).id;
type Shown = { state: string; attempt: number };
const show = async (id: number) => JSON.parse(await command("show", String(id))) as Shown;
async function ended(id: number): Promise<Shown> {
  return await until(async () => {
    const task = await show(id);
    return ["succeeded", "failed"].includes(task.state) && task;
  }, 30_000);
}
/** What is otherwise written by `systemctl edit`. */
async function override(text: string): Promise<void> {
  bed.write(`${unit}.d/override.conf`, `[Service]\n${text}\n`);
  await bed.mustRun(["systemctl", "daemon-reload"]);
}

test("an install is told first, done once, and then nothing is left to change", async () => {
  const told = await install("--dry-run");
  expect(told.stdout).toContain(`write ${unit} (mode 0644):`);
  expect(told.stdout).toContain("run systemctl enable --quiet fiscaut-tasks.service");
  expect(existsSync(bed.path(unit))).toBe(false);
  expect((await bed.service("status")).exitCode).toBe(4);

  const done = await install();
  expect(done).toMatchObject({ exitCode: 0, stderr: "" });
  expect(done.stdout).toContain("service fiscaut-tasks of systemd is installed");
  expect((await bed.service("status")).exitCode).toBe(3);
  expect((await install()).stdout).toContain("was installed already, and nothing had to change");
  expect((await bed.service("print")).stdout).not.toContain(key);
});

test("systemd finds nothing to complain of, and little exposure", async () => {
  const verified = await bed.run(["systemd-analyze", "verify", unit]);
  expect(verified).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  const security = await bed.mustRun(["systemd-analyze", "security", "--no-pager", "fiscaut-tasks.service"]);
  expect(Number(/exposure level for \S+: ([\d.]+)/.exec(security)?.[1])).toBeLessThanOrEqual(1.8);
});

test("a start waits until the worker claims, with its key from a credential", async () => {
  const started = await bed.service("start");
  expect(started).toMatchObject({ exitCode: 0, stderr: "" });
  expect(started.stdout).toContain("is running: active (running), process ");
  expect((await bed.service("status")).exitCode).toBe(0);
  expect(await shown("StatusText")).toBe("0 of 3 slots in use");
  expect(await shown("WatchdogTimestampMonotonic")).not.toBe("0");
  const log = await bed.mustRun(["journalctl", "--unit", "fiscaut-tasks", "--output", "cat"]);
  expect(log).not.toContain("FISCAUT_API_KEY is not set");
}, 120_000);

test("a program can't speak to systemd for its worker", async () => {
  const id = await enqueue("environment");
  await ended(id);
  const names = (await command("logs", String(id))).match(/\b[A-Z_]+(?==)/g) ?? [];
  expect(names).toContain("FISCAUT_TASK_NAME");
  expect(names.filter((name) => /^(NOTIFY|WATCHDOG|FISCAUT_API_KEY)/.test(name))).toEqual([]);
}, 60_000);

test("a worker that is killed is started again, and its task with it", async () => {
  const id = await enqueue("lasting");
  await until(async () => (await show(id)).state === "running", 30_000);
  const pid = await shown("MainPID");
  await bed.mustRun(["sh", "-c", `kill -9 ${pid}`]);
  await until(
    async () => (await shown("ActiveState")) === "active" && (await shown("MainPID")) !== pid,
    30_000,
  );
  bed.write("/run/go", "");
  expect((await ended(id)).state).toBe("succeeded");
  rmSync(bed.path("/run/go"));
}, 90_000);

test("a worker that stands still is started again by the watchdog", async () => {
  await override("WatchdogSec=4\nRestartSec=0");
  await bed.service("restart");
  const pid = await shown("MainPID");
  await bed.mustRun(["sh", "-c", `kill -STOP ${pid}`]);
  await until(
    async () => (await shown("ActiveState")) === "active" && (await shown("MainPID")) !== pid,
    30_000,
  );
  const log = await bed.mustRun(["journalctl", "--unit", "fiscaut-tasks", "--output", "cat"]);
  expect(log).toContain("Watchdog timeout");
}, 90_000);

test("a stop drains, for longer than the unit grants", async () => {
  await override("TimeoutStopSec=1");
  const id = await enqueue("lasting");
  await until(async () => (await show(id)).state === "running", 30_000);
  const stopping = bed.service("stop");
  await until(async () => (await shown("StatusText")) === "stopping when 1 running tasks have ended", 20_000);
  const sinceMs = performance.now();
  await until(() => performance.now() - sinceMs > 3_000);
  bed.write("/run/go", "");
  expect((await stopping).stdout).toContain("is stopped: inactive (dead)");
  expect(await show(id)).toMatchObject({ state: "succeeded", attempt: 1 });
}, 60_000);

test("a wrong configuration is not tried again", async () => {
  bed.write("/etc/fiscaut-tasks/env", "FISCAUT_TASKS_PORT=none\n", 0o600);
  const started = await bed.service("start");
  expect(started.exitCode).toBe(1);
  expect(started.stderr).toContain("Try: journalctl --unit fiscaut-tasks --lines 20");
  const status = await bed.service("status");
  expect(status.exitCode).toBe(3);
  expect(status.stdout).toContain("failed");
  expect(await shown("ExecMainStatus")).toBe("78");
  expect(await shown("NRestarts")).toBe("0");
  expect(await install()).toMatchObject({ exitCode: 78 });
  bed.write("/etc/fiscaut-tasks/env", "FISCAUT_API_URL=http://127.0.0.1:9\n", 0o600);
}, 60_000);

test("an executable that is replaced goes on running whole, and restart takes the new one", async () => {
  await bed.service("start");
  const file = bed.path(EXECUTABLE);
  copyFileSync(file, `${file}.new`);
  renameSync(`${file}.new`, file);
  const target = async () => (await bed.mustRun(["readlink", `/proc/${await shown("MainPID")}/exe`])).trim();
  expect(await target()).toEndWith("(deleted)");
  expect((await ended(await enqueue("alone"))).state).toBe("succeeded");
  expect((await bed.service("restart")).exitCode).toBe(0);
  expect(await target()).toBe(EXECUTABLE);
  expect((await ended(await enqueue("alone"))).state).toBe("succeeded");
}, 90_000);

test("only root may change a service", async () => {
  const refused = await bed.run([
    "setpriv",
    "--reuid=65534",
    "--clear-groups",
    EXECUTABLE,
    "service",
    "stop",
  ]);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("only root may change services");
});

test("an uninstall stops it and leaves the data", async () => {
  expect(await bed.service("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(existsSync(bed.path(unit))).toBe(false);
  expect(existsSync(bed.path(`${dataFolder}/database`))).toBe(true);
  const status = await bed.service("status");
  expect(status.exitCode).toBe(4);
  expect((await bed.service("stop")).stderr).toContain("systemd has no service fiscaut-tasks");
}, 60_000);
