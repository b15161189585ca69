/** `stop`: which workers it finds, what it asks of them, and who may. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { until } from "../until.ts";
import { createBed } from "./bed.ts";
import { executable, execute, executeJson, makeFolder, startRun } from "./executable.ts";
import { heldPayload, heldTask } from "./held-api.ts";

const bed = createBed();
let folder: Awaited<ReturnType<typeof makeFolder>>;
const env = () => ({ ...bed.env(), FISCAUT_TASKS_DATA_DIR: join(folder.path, "dados da contábil") });
const workersFolder = () => join(env().FISCAUT_TASKS_DATA_DIR, "workers");

beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

describe("stop", () => {
  test("lets a worker with a database at DATABASE_URL finish its task, and waits for its end", async () => {
    const worker = await startRun([], env());
    const { id } = await executeJson<{ id: number }>(
      ["enqueue", heldTask, JSON.stringify(heldPayload("is finished"))],
      env(),
    );
    await until(() => bed.api.arrived.length === 1);
    const stopping = execute(["stop", "--wait"], env());
    await worker.line("stopping: `stop`");
    bed.api.release();
    expect(await stopping).toMatchObject({ exitCode: 0, stdout: `worker ${worker.pid} has stopped\n` });
    expect(await worker.exited).toBe(0);
    expect(await executeJson(["show", String(id)], env())).toMatchObject({ state: "succeeded", attempt: 1 });
  }, 30_000);

  test("stops a worker with the embedded Postgres, which is down when it returns", async () => {
    const own = { FISCAUT_TASKS_DATA_DIR: env().FISCAUT_TASKS_DATA_DIR };
    const worker = await startRun([], own);
    expect(await execute(["stop", "--wait"], own)).toMatchObject({ exitCode: 0 });
    expect(existsSync(join(own.FISCAUT_TASKS_DATA_DIR, "database/postmaster.pid"))).toBe(false);
    expect(await worker.exited).toBe(0);
  }, 30_000);

  test("finds neither a worker of another folder nor one that was killed, and says so", async () => {
    const other = await makeFolder();
    const elsewhere = await startRun([], { ...env(), FISCAUT_TASKS_DATA_DIR: other.path });
    const killed = await startRun([], env());
    killed.signal("SIGKILL");
    await killed.exited;
    expect(await execute(["stop", "--wait"], env())).toMatchObject({
      exitCode: 0,
      stdout: `no worker runs with the data folder ${env().FISCAUT_TASKS_DATA_DIR}\n`,
    });
    expect(readdirSync(workersFolder())).toEqual([]);
    expect(await elsewhere.stop()).toBe(0);
    other.remove();
  }, 30_000);

  test("makes no data folder where there is none", async () => {
    expect(await execute(["stop"], env())).toMatchObject({ exitCode: 0 });
    expect(existsSync(env().FISCAUT_TASKS_DATA_DIR)).toBe(false);
  });

  test("stops all that run with the folder, or with --pid one of them", async () => {
    const [first, second] = await Promise.all([startRun([], env()), startRun([], env())]);
    const stopped = await executeJson(["stop", "--wait", "--pid", String(second.pid)], env());
    expect(stopped).toMatchObject({ workers: [{ pid: second.pid, ended: true }] });
    expect(await second.exited).toBe(0);
    expect(await executeJson(["stop"], env())).toMatchObject({ workers: [{ pid: first.pid, ended: false }] });
    expect(await first.exited).toBe(0);
  }, 30_000);

  test.skipIf(process.getuid?.() !== 0)(
    "is refused to a user without rights on the folder",
    async () => {
      const worker = await startRun([], env());
      expect(statSync(workersFolder()).mode & 0o077).toBe(0);
      const stranger = Bun.spawnSync([executable, "stop"], {
        env: { ...env(), HOME: "/" },
        cwd: "/",
        uid: 65534,
        gid: 65534,
      });
      expect(stranger.exitCode).toBe(78);
      expect(stranger.stderr.toString()).toContain("may not be written or read by uid 65534");
      expect(await worker.stop()).toBe(0);
    },
    30_000,
  );
});
