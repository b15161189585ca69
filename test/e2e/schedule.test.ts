/** Schedules and repeats with the executable: its commands, its configuration file, and what kill -9 does to a chain. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findTask, listTasks } from "../../src/store/find.ts";
import { listSchedules } from "../../src/store/schedule/schedules.ts";
import { until } from "../until.ts";
import { createBed } from "./bed.ts";
import { execute, executeJson, makeFolder, startRun } from "./executable.ts";
import { heldPayload, heldTask } from "./held-api.ts";

const bed = createBed();
const { env } = bed;
const payload = (document: string) => JSON.stringify(heldPayload(document));
const name = heldTask;

describe("schedule", () => {
  test("add, list, pause, resume, run-now and remove do so", async () => {
    const words = ["schedule", "add", "nightly", payload("1"), "--cron", "0 3 * * *", "--task", name];
    const added = await executeJson<{ nextTickAt: string }>(
      [...words, "--time-zone", "Asia/Kolkata", "--missed", "all", "--queue", "night"],
      env(),
    );
    expect(added).toMatchObject({ cron: "0 3 * * *", timeZone: "Asia/Kolkata", missed: "all" });
    expect(added.nextTickAt).toEndWith("T21:30:00.000Z");
    expect((await execute(["schedule", "list"], env())).stdout).toMatch(
      /nightly +0 3 \* \* \* +Asia\/Kolkata/,
    );

    await executeJson(["schedule", "pause", "nightly"], env());
    expect((await execute(["schedule", "list"], env())).stdout).toContain("paused");
    const { id } = await executeJson<{ id: number }>(["schedule", "run-now", "nightly"], env());
    expect(await findTask(bed.store, id)).toMatchObject({ name, queue: "night", state: "pending" });
    await executeJson(["schedule", "resume", "nightly"], env());
    await executeJson(["schedule", "remove", "nightly"], env());
    expect(await executeJson<unknown[]>(["schedule", "list"], env())).toEqual([]);
    await executeJson(["cancel", String(id)], env());
  }, 30_000);

  test("refuses what is wrong, saying what to do", async () => {
    const add = ["schedule", "add", "x", "--task", "a"];
    const rule = await execute([...add, "--cron", "every day"], env());
    expect(rule.stderr).toContain(`"every day" is not a cron rule`);
    expect(rule.exitCode).toBe(2);
    expect((await execute([...add, "--cron", "@daily", "--time-zone", "X"], env())).exitCode).toBe(2);
    const payloadOfAnother = ["schedule", "add", "x", "{}", "--cron", "@daily", "--task", name];
    expect((await execute(payloadOfAnother, env())).exitCode).toBe(2);
    const unknown = await execute(["schedule", "pause", "none"], env());
    expect(unknown).toMatchObject({ exitCode: 1, stdout: "" });
    expect(unknown.stderr).toContain("there is no schedule none\nTry: fiscaut-tasks schedule list");
  }, 20_000);

  test("in the configuration file is the database's when workers start, and ticks once for all of them", async () => {
    const folder = await makeFolder();
    try {
      const path = join(folder.path, "fiscaut-tasks.toml");
      const table = `[schedule.each-second]\ncron = "* * * * * *"\ntask = "${name}"\npayload = ${tomlOf(heldPayload("2"))}\n`;
      writeFileSync(path, table);
      bed.api.release();
      const workers = await Promise.all([
        startRun(["--config", path], env()),
        startRun(["--config", path], env()),
      ]);
      expect(await listSchedules(bed.store)).toMatchObject([{ name: "each-second", paused: false }]);
      await until(async () => (await listTasks(bed.store, { state: "succeeded" }, 10)).length >= 3, 20_000);
      const refused = await execute(["schedule", "remove", "each-second"], env());
      expect(refused.stderr).toContain("a configuration file defines the schedule each-second");
      await executeJson(["schedule", "pause", "each-second"], env());
      for (const worker of workers) expect(await worker.stop()).toBe(0);
      const scheduled = await listTasks(bed.store, {}, 100);
      const ticks = scheduled.filter((task) => task.scheduleId !== null && task.plannedAt !== null);
      const tickAts = ticks.map((task) => task.plannedAt?.getTime()).filter((at) => (at ?? 1) % 1_000 === 0);
      expect(new Set(tickAts).size).toBe(tickAts.length);

      writeFileSync(path, "concurrency = 2\n");
      const worker = await startRun(["--config", path], env());
      expect(await listSchedules(bed.store)).toEqual([]);
      await worker.line("schedule removed: the file defines it no more");
      expect(await worker.stop()).toBe(0);
    } finally {
      folder.remove();
    }
  }, 60_000);
});

describe("a task that repeats", () => {
  test("is neither lost nor doubled when its worker is killed again and again", async () => {
    bed.api.release();
    const { id } = await executeJson<{ id: number }>(
      ["enqueue", name, payload("repeats"), "--repeat", "1s", "--repeat-after-failure"],
      env(),
    );
    const chain = async () =>
      (await listTasks(bed.store, { name }, 500)).filter((task) => task.repeat !== null);
    const kills = 5;
    for (let kill = 0; kill < kills; kill++) {
      const arrivedBefore = bed.api.arrived.length;
      const worker = await startRun(["--lease", "5s"], env());
      await until(() => bed.api.arrived.length > arrivedBefore, 20_000);
      // While its outcome is on the way to the database, or just after: whatever the moment, the chain is whole.
      if (kill % 2 === 1) await worker.line("task succeeded");
      worker.signal("SIGKILL");
      await worker.exited;
      const live = await bed.store.sql`select id from fiscaut_tasks.task where repeat is not null`;
      expect(live).toHaveLength(1);
    }
    const last = await startRun(["--lease", "5s"], env());
    const finished = (await chain()).filter((task) => task.finishedAt !== null).length;
    await until(
      async () => (await chain()).filter((task) => task.finishedAt !== null).length > finished + 1,
      20_000,
    );
    expect(await last.stop()).toBe(0);
    const plannedAts = (await chain()).map((task) => task.plannedAt?.getTime() ?? 0);
    expect(new Set(plannedAts).size).toBe(plannedAts.length);
    const first = (await findTask(bed.store, id))?.plannedAt?.getTime() ?? 0;
    expect(plannedAts.map((at) => (at - first) % 1_000)).toEqual(plannedAts.map(() => 0));
    const [live] = (await chain()).filter((task) => task.finishedAt === null);
    await executeJson(["cancel", String(live?.id)], env());
    expect((await chain()).filter((task) => task.finishedAt === null)).toBeEmpty();
    const shown = await execute(["show", String(live?.id)], env());
    expect(shown.stdout).toMatch(/repeat +every 1s, also after a failure/);
  }, 90_000);
});

/** A flat object as TOML has it. */
function tomlOf(value: Record<string, unknown>): string {
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${key} = ${JSON.stringify(member)}`)
    .join(", ")} }`;
}
