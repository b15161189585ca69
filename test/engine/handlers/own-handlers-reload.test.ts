/** The operator's own handlers when their files are read again, as `run --dev` does. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Limits } from "../../../src/engine/handlers/thread-runner.ts";
import type { NewTask } from "../../../src/task/doors/new-task.ts";
import type { HandlerFiles } from "../../handlers/handler-files.ts";
import { until } from "../../until.ts";
import { OwnHandlersBed } from "./own-handlers-bed.ts";

let bed: OwnHandlersBed;
let files: HandlerFiles;
beforeAll(async () => {
  bed = await OwnHandlersBed.create();
});
beforeEach(() => {
  files = bed.files;
});
afterEach(() => bed.clear());
afterAll(() => bed.remove());

const enqueue = (task: NewTask) => bed.enqueue(task);
const find = (id: number) => bed.find(id);
const ended = (id: number) => bed.ended(id);
const startOwn = (limits: Partial<Limits> = {}) => bed.startOwn(limits);

describe("files that are read again", () => {
  test("serve what comes, while what runs goes on as it was", async () => {
    const gate = join(files.dir, "gate");
    const waiting = (result: string) =>
      `run: async () => { while (!(await Bun.file(${JSON.stringify(gate)}).exists())) await Bun.sleep(5); return "${result}"; }`;
    files.define("work.ts", waiting("old"));
    files.define("gone.ts", "run() {}");
    const { runner, worker, events } = await startOwn();
    const before = await enqueue({ name: "work" });
    await until(() => worker.status().running === 1);

    files.define("work.ts", waiting("new"));
    files.define("added.ts", "run: () => 8");
    files.delete("gone.ts");
    runner.reload();
    await until(() => runner.names.includes("added"));
    expect(runner.names).not.toContain("gone");
    const after = await enqueue({ name: "work" });
    expect(await ended(await enqueue({ name: "added" }))).toMatchObject({ result: 8 });
    await until(() => worker.status().running === 2);
    expect(existsSync(gate)).toBe(false);
    writeFileSync(gate, "");
    expect(await ended(before)).toMatchObject({ state: "succeeded", attempt: 1, result: "old" });
    expect(await ended(after)).toMatchObject({ state: "succeeded", attempt: 1, result: "new" });
    expect(events.filter(({ kind }) => kind === "handlers-restarted")).toEqual([]);
  });

  test("are not kept waiting by what spins in the old thread, which is ended at its time-out", async () => {
    files.define("spin.ts", "timeoutMs: 2_500, run() { for (;;); }");
    files.define("quick.ts", "run: () => 7");
    const { runner, worker, events } = await startOwn({ abortMs: 500, pingMs: 100 });
    const spinning = await enqueue({ name: "spin", maxAttempts: 1 });
    await until(() => worker.status().running === 1);
    await until(() => runner.deafMs > 0);
    runner.reload();
    await until(() => runner.deafMs === 0);
    expect(await ended(await enqueue({ name: "quick" }))).toMatchObject({ result: 7 });
    expect(await find(spinning)).toMatchObject({ state: "running" });
    expect(await ended(spinning)).toMatchObject({ errors: [{ message: "timed out after 2500 ms" }] });
    const loads = events.filter(({ kind }) => kind === "handlers-loaded").length;
    expect(await ended(await enqueue({ name: "quick" }))).toMatchObject({ result: 7 });
    expect(events.filter(({ kind }) => kind === "handlers-loaded")).toHaveLength(loads);
  });

  test("one of them broken: the others go on, and it comes back when it is corrected", async () => {
    files.define("work.ts", "run: () => 1");
    files.define("other.ts", "run: () => 2");
    const { runner, refusals } = await startOwn();
    const path = files.write("work.ts", "export default {;");
    runner.reload();
    await until(() => refusals().length === 1);
    expect(refusals()[0]).toStartWith(`${path}:1:`);
    const waits = await enqueue({ name: "work" });
    expect(await ended(await enqueue({ name: "other" }))).toMatchObject({ result: 2 });
    expect(await find(waits)).toMatchObject({ state: "pending", attempt: 0 });
    files.define("work.ts", "run: () => 3");
    runner.reload();
    expect(await ended(waits)).toMatchObject({ result: 3 });
  });

  test("many times leave neither threads nor connections behind", async () => {
    files.define("asks.ts", "run: async (_, { tasks }) => (await tasks.list()).length");
    const { runner, events } = await startOwn();
    for (let round = 1; round <= 3; round++) {
      expect(await ended(await enqueue({ name: "asks" }))).toMatchObject({ state: "succeeded" });
      runner.reload();
      await until(() => events.filter(({ kind }) => kind === "handlers-loaded").length === round + 1);
    }
    const count = async () =>
      (
        await bed.database.store.sql<{ count: number }[]>`
          select count(*)::int as count from pg_stat_activity
          where datname = current_database() and application_name = 'fiscaut-tasks handlers'`
      )[0]?.count;
    await until(async () => (await count()) === 0);
  });
});
