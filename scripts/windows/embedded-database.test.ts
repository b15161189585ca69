/**
 * The Windows executable with its own Postgres: from an empty drive to synced suppliers, a stop, a kill, a restart.
 * A Postgres of the operator's own is the affair of `external-database.test.ts`.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { type FiscautStandIn, startFiscautStandIn } from "../../test/fiscaut-api/stand-in.ts";
import { COMPANY, finishedTask, type RunningWorker, SUPPLIERS, until, WorkerBed } from "./worker-bed.ts";

const DATA = "C:\\Dados da contábil\\tarefas em execução";
const SOURCE = "C:\\Domínio Sistemas\\exportação";
let bed: WorkerBed;
let fiscaut: FiscautStandIn;
let environment: Record<string, string>;
beforeAll(async () => {
  bed = await WorkerBed.open();
  bed.writeSuppliers(SOURCE);
  fiscaut = startFiscautStandIn({ apiKey: "test-key", companies: [COMPANY] });
  environment = {
    FISCAUT_API_URL: fiscaut.url,
    FISCAUT_API_KEY: "test-key",
    FISCAUT_RATE: "off",
    FISCAUT_TASKS_DATA_DIR: DATA,
  };
}, 600_000);
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await fiscaut?.stop();
}, 60_000);

const startWorker = (more: Record<string, string> = {}): Promise<RunningWorker> =>
  bed.startWorker([], { ...environment, ...more });
const serverRuns = (dataDir: string) => existsSync(pidFile(dataDir));
const pidFile = (dataDir: string) => bed.wine.hostPath(`${dataDir}\\database\\postmaster.pid`);

/** Has the one customer sent once more, and gives its task's id. */
async function syncCustomer(): Promise<number> {
  await bed.runForJson(["company", "enable", "1"], environment);
  const sync = ["sync", "customers", "--company", "1", "--force", "--source", `csv:${SOURCE}`];
  const { companies } = (await bed.runForJson(sync, environment)) as {
    companies: { batch: { id: number } }[];
  };
  const [task] = (await bed.runForJson(["list", "--batch", String(companies[0]?.batch.id)], environment)) as {
    id: number;
  }[];
  return task?.id ?? 0;
}

/** Starts a worker whose Fiscaut answers late, and a task in it. */
async function startSlowTask(latencyMs: number) {
  const slow = startFiscautStandIn({ apiKey: "test-key", companies: [COMPANY], latencyMs });
  const worker = await startWorker({ FISCAUT_API_URL: slow.url });
  const id = await syncCustomer();
  await until(async () => (await shownTask(worker, id))["state"] === "running", "the task runs");
  return { slow, worker, id };
}

async function shownTask(worker: RunningWorker, id: number): Promise<Record<string, unknown>> {
  return (await (await fetch(`${worker.url}/tasks/${id}`)).json()) as Record<string, unknown>;
}

/** Ctrl+C, as a person gives it, and the worker's own end. */
async function stopByCtrlC(worker: RunningWorker): Promise<void> {
  worker.process.type("\x03");
  expect(await worker.process.waitForExit()).toBe(0);
}

test("`run` on an empty machine makes the database in C:\\ProgramData, and takes its server along", async () => {
  const command = await bed.run(["run", "--drain", "--port", "0"]);
  expect({ code: await command.exited, said: command.describe() }).toMatchObject({ code: 0 });
  const dataDir = "C:\\ProgramData\\fiscaut-tasks";
  expect(existsSync(bed.wine.hostPath(`${dataDir}\\database\\PG_VERSION`))).toBe(true);
  expect(serverRuns(dataDir)).toBe(false);
}, 120_000);

test("suppliers are synced from a data folder with blanks and accents, and Ctrl+C stops worker and server", async () => {
  const worker = await startWorker();
  const health = await fetch(`${worker.url}/health`);
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({ status: "pass" });

  await bed.runForJson(["company", "enable", "1"], environment);
  const sync = await bed.run(
    ["sync", "suppliers", "--company", "1", "--source", `csv:${SOURCE}`, "--wait"],
    environment,
  );
  expect({ code: await sync.exited, said: sync.describe() }).toMatchObject({ code: 0 });
  const sent = [...fiscaut.records.values()].map((record) => [
    record["nome_fornecedor"],
    record["cnpj_fornecedor"],
  ]);
  expect(Object.fromEntries(sent)).toEqual(SUPPLIERS);

  expect(serverRuns(DATA)).toBe(true);
  await stopByCtrlC(worker);
  expect(serverRuns(DATA)).toBe(false);
}, 180_000);

test("a task enqueued by the executable and one by HTTP run, and are seen succeeded", async () => {
  const worker = await startWorker();
  const byCommand = await syncCustomer();
  const byHttp = await fetch(`${worker.url}/tasks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      name: "fiscaut.sync-suppliers",
      payload: { company: 1, source: `csv:${SOURCE}`, force: true },
    }),
  });
  expect(byHttp.status).toBe(201);
  const { id } = (await byHttp.json()) as { id: number };

  expect(await finishedTask(worker.url, byCommand)).toMatchObject({ state: "succeeded", attempt: 1 });
  expect(await finishedTask(worker.url, id)).toMatchObject({
    state: "succeeded",
    result: {
      enqueued: Object.keys(SUPPLIERS).length,
      kinds: { supplier: { skipped: { no_document: 1 } } },
    },
  });
  await stopByCtrlC(worker);
}, 120_000);

test("Ctrl+C leaves the server up until the running task has ended", async () => {
  const { slow, worker, id } = await startSlowTask(5_000);
  await stopByCtrlC(worker);
  await slow.stop();
  expect(slow.records.size).toBe(1);
  expect(await bed.runForJson(["show", String(id)], environment)).toMatchObject({
    state: "succeeded",
    attempt: 1,
  });
}, 120_000);

test("a second Ctrl+C aborts the running task and gives it back", async () => {
  const { slow, worker, id } = await startSlowTask(120_000);
  worker.process.type("\x03");
  await worker.process.waitForOutput(/stopping/);
  worker.process.type("\x03");
  expect(await worker.process.waitForExit()).toBe(75);
  await slow.stop();
  expect(await bed.runForJson(["show", String(id)], environment)).toMatchObject({
    state: "pending",
    attempt: 0,
  });
}, 120_000);

test("`stop --wait` lets the running task end, and the server is down when it returns", async () => {
  const { slow, worker, id } = await startSlowTask(5_000);
  const stop = await bed.run(["stop", "--wait"], environment);
  expect({ code: await stop.exited, said: stop.output.trim() }).toMatchObject({
    code: 0,
    said: expect.stringMatching(/^worker \d+ has stopped$/),
  });
  expect(await worker.process.waitForExit()).toBe(0);
  expect(serverRuns(DATA)).toBe(false);
  await slow.stop();
  expect(slow.records.size).toBe(1);
  const again = await bed.run(["stop"], environment);
  expect(again.output.trim()).toBe(`no worker runs with the data folder ${DATA}`);
  expect(await bed.runForJson(["show", String(id)], environment)).toMatchObject({
    state: "succeeded",
    attempt: 1,
  });
}, 120_000);

test("after a kill of the worker, and of worker and server, the next start finds every task", async () => {
  const first = await startWorker();
  const later = ["enqueue", "later", "--delay", "1h", "--title", "espera"];
  const { id } = (await bed.runForJson(later, environment)) as { id: number };

  first.process.kill();
  await first.process.exited;
  expect(serverRuns(DATA)).toBe(true); // it outlives its owner, for the next one to use
  const second = await startWorker();
  expect(await shownTask(second, id)).toMatchObject({ title: "espera" });

  second.process.kill();
  await second.process.exited;
  const [serverPid = ""] = readFileSync(pidFile(DATA), "latin1").split("\n");
  await bed.wine.run("taskkill", ["/f", "/pid", serverPid]);
  const third = await startWorker();
  expect(await shownTask(third, id)).toMatchObject({ state: "pending" });
  await until(async () => (await fetch(`${third.url}/health`)).status === 200, "/health is 200");
  await stopByCtrlC(third);
}, 180_000);
