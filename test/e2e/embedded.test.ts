/** The executable with its own Postgres: the main job, and what is left after everything was killed. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { type FiscautStandIn, startFiscautStandIn } from "../fiscaut-api/stand-in.ts";
import { until } from "../until.ts";
import { endLeftovers, execute, executeJson, makeFolder, startRun } from "./executable.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let api: FiscautStandIn;
let env: Record<string, string>;
const apiKey = "a-key-that-must-stay-secret";
beforeAll(async () => {
  folder = await makeFolder();
  api = startFiscautStandIn({ apiKey, companies: ["33000167000101"] });
  env = {
    FISCAUT_TASKS_DATA_DIR: `${folder.path}/data é`,
    FISCAUT_API_URL: api.url,
    FISCAUT_API_KEY: apiKey,
    FISCAUT_RATE: "off",
  };
});
afterEach(endLeftovers);
afterAll(async () => {
  await api.stop();
  folder.remove();
});

interface Batch {
  id: number;
  total: number;
  skipped: Record<string, number>;
  states: Record<string, number>;
}

const source = `csv:${resolve("scripts/demo/data")}`;
/** The server's process id; NaN while its file is not whole. */
const readPostmaster = async () =>
  Number.parseInt(await Bun.file(`${env["FISCAUT_TASKS_DATA_DIR"]}/database/postmaster.pid`).text(), 10);
const getJson = async (url: string) => (await (await fetch(url)).json()) as Record<string, never>;

describe("the executable with its embedded Postgres", () => {
  test("syncs a company's suppliers, bad rows told and left out", async () => {
    const worker = await startRun([], env);
    await executeJson(["company", "enable", "1"], env);
    const sync = ["sync", "suppliers", "--company", "1", "--source", source];
    const { companies } = await executeJson<{ companies: { batch: Batch }[] }>([...sync, "--wait"], env);
    const batch = companies[0]?.batch;
    expect(batch).toMatchObject({ total: 1017, states: { succeeded: 1017 } });
    // One stands in the file under two codes; on the server it is one record.
    const skipped = { no_code: 1, no_document: 2, no_name: 1, bad_document: 2, duplicate: 1 };
    expect(batch?.skipped).toEqual(skipped);
    expect(api.records.size).toBe(1017);
    expect(await execute(sync, env)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("nothing to send; suppliers: 1,024 read, 1,017 unchanged"),
    });
    expect(api.records.get("fornecedores/33000167000101/33592510000154")).toMatchObject({
      cnpj_fornecedor: "33592510000154",
    });

    const health = await fetch(`${worker.url}/health`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ status: "pass" });
    expect(await getJson(`${worker.url}/tasks?batch=${batch?.id}&limit=1`)).toMatchObject({
      tasks: [{ state: "succeeded", name: "fiscaut.sync-supplier" }],
    });
    expect(await worker.stop()).toBe(0);
  }, 60_000);

  test("runs fiscaut.sync-suppliers as a task that is asked for over HTTP", async () => {
    const worker = await startRun([], env);
    const response = await fetch(`${worker.url}/tasks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "fiscaut.sync-suppliers", payload: { company: 1, source, force: true } }),
    });
    expect(response.status).toBe(201);
    const location = `${worker.url}${response.headers.get("location")}`;
    const task = await until(async () => {
      const found = await getJson(location);
      return found["state"] === "succeeded" ? found : undefined;
    });
    expect(task["result"]).toMatchObject({ enqueued: 1017, company: { code: 1 } });
    expect(await worker.stop()).toBe(0);
  }, 60_000);

  test("loses nothing that it acknowledged when worker and Postgres are killed", async () => {
    const worker = await startRun(["--lease", "5s"], { ...env, FISCAUT_API_URL: "http://127.0.0.1:9" });
    const ids = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const response = await fetch(`${worker.url}/tasks`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ name: "kept", title: `number ${index}` }),
        });
        return ((await response.json()) as { id: number }).id;
      }),
    );
    process.kill(await readPostmaster(), "SIGKILL");
    worker.signal("SIGKILL");
    await worker.exited;

    const found = await executeJson<{ id: number; title: string }[]>(
      ["list", "--name", "kept", "--state", "pending", "--limit", "1000"],
      env,
    );
    expect(found.map((task) => task.id).toSorted((a, b) => a - b)).toEqual(ids.toSorted((a, b) => a - b));
    expect(new Set(found.map((task) => task.title)).size).toBe(50);
  }, 60_000);

  test("brings its Postgres back when that is killed under it", async () => {
    const worker = await startRun([], env);
    const postmaster = await readPostmaster();
    process.kill(postmaster, "SIGKILL");
    // It may be back before anybody could see that it was not ready.
    await until(
      async () => ![postmaster, Number.NaN].includes(await readPostmaster().catch(() => postmaster)),
      20_000,
    );
    await until(async () => (await fetch(`${worker.url}/readyz`)).status === 200, 20_000);
    const { id } = await executeJson<{ id: number }>(
      ["enqueue", "fiscaut.sync-suppliers", JSON.stringify({ company: 4711, source })],
      env,
    );
    await until(
      async () => (await executeJson<{ state: string }>(["show", String(id)], env)).state === "failed",
      20_000,
    );
    expect(await worker.stop()).toBe(0);
  }, 60_000);

  test("stops its Postgres with the last process that uses it", async () => {
    const worker = await startRun([], env);
    expect(await worker.stop()).toBe(0);
    expect(await Bun.file(`${env["FISCAUT_TASKS_DATA_DIR"]}/database/postmaster.pid`).exists()).toBe(false);
  }, 30_000);

  test("keeps its key out of log, errors, config show and the process list", async () => {
    const worker = await startRun([], { ...env, FISCAUT_API_URL: `${api.url}/nowhere` });
    await executeJson(["sync", "suppliers", "--company", "1", "--force", "--source", source], env);
    const shown = await until(async () => {
      const queues = await execute(["queue", "list", "--json"], env);
      return queues.stdout.includes("FISCAUT_API_URL") && queues;
    });
    const config = await execute(["config", "show"], env);
    expect(config.stdout).toContain("fiscaut-api-key");
    const password = (
      await Bun.file(`${env["FISCAUT_TASKS_DATA_DIR"]}/database/fiscaut-tasks.password`).text()
    ).trim();
    const processes = await new Response(
      Bun.spawn(["ps", "axeww", "-o", "args="], { env: {} }).stdout,
    ).text();
    for (const text of [JSON.stringify(worker.lines), shown.stdout, config.stdout]) {
      expect(text).not.toContain(apiKey);
      expect(text).not.toContain(password);
    }
    expect(processes).not.toContain(password);
    expect(await worker.stop()).toBe(0);
  }, 60_000);
});
