/** The locks between processes: alone, shared, the last one out, and freed by death. */
import { beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { claimDataDir, type DataDir } from "../../../src/store/embedded/data-dir.ts";
import { ProcessLock } from "../../../src/store/embedded/process-lock.ts";
import { makeWorkplace } from "./fixture.ts";

const workplace = makeWorkplace();
const noWait = () => {};
let dataDir: DataDir;

beforeAll(async () => {
  dataDir = await claimDataDir(join(await workplace.newDirectory(), "data"), () => {});
});

describe("a lock", () => {
  test("taken alone makes the next wait until it is freed, and tells it once that it waits", async () => {
    const first = await ProcessLock.takeAlone(dataDir, "a.lock", noWait);
    let waits = 0;
    let told: () => void = () => {};
    const waiting = new Promise<void>((resolve) => {
      told = resolve;
    });
    const second = ProcessLock.takeAlone(dataDir, "a.lock", () => {
      waits++;
      told();
    });
    await waiting;
    first.release();
    (await second).release();
    expect(waits).toBe(1);
  });

  test("that is shared becomes the only user's when the others have gone, not before", async () => {
    const one = await ProcessLock.share(dataDir, "b.lock");
    const two = await ProcessLock.share(dataDir, "b.lock");
    expect(two.becomeOnlyUser()).toBe(false);
    two.release();
    expect(one.becomeOnlyUser()).toBe(true);
    one.release();
    one.release();
  });

  test("is freed by the death of its holder", async () => {
    const script = `
      const { Database } = require("bun:sqlite");
      globalThis.held = new Database(${JSON.stringify(join(dataDir.path, "c.lock"))});
      held.run("BEGIN EXCLUSIVE");
      console.log("held");
      setInterval(() => {}, 1000);`;
    const holder = Bun.spawn([process.execPath, "--eval", script], { stdout: "pipe" });
    await holder.stdout.getReader().read();
    const lock = ProcessLock.takeAlone(dataDir, "c.lock", () => holder.kill("SIGKILL"));
    (await lock).release();
    expect(holder.killed).toBe(true);
    await holder.exited;
  });

  test("leaves no file but its own, which stays empty", async () => {
    const files = (await readdir(dataDir.path)).filter((name) => name.includes("lock"));
    expect(files.sort()).toEqual(["a.lock", "b.lock", "c.lock"]);
    for (const name of ["a.lock", "b.lock"]) expect(Bun.file(join(dataDir.path, name)).size).toBe(0);
  });
});
