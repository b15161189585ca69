/**
 * The Windows executable with its own Postgres: from an empty drive to synced suppliers, a stop, a kill, a restart.
 * A Postgres of the operator's own is the affair of `external-database.test.ts`. Starts are slow under Wine: tests go on
 * where the one before has ended.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { type FiscautStandIn, startFiscautStandIn } from "../../test/fiscaut-api/stand-in.ts";
import {
  COMPANY,
  enqueue,
  finishedTask,
  HANDLERS,
  type RunningWorker,
  SUPPLIERS,
  shownTask,
  until,
  WorkerBed,
} from "./worker-bed.ts";

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
    FISCAUT_TASKS_HANDLERS: HANDLERS,
  };
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await fiscaut?.stop();
});

const startWorker = (): Promise<RunningWorker> => bed.startWorker([], environment);
const serverRuns = (dataDir: string) => existsSync(pidFile(dataDir));
const pidFile = (dataDir: string) => bed.wine.hostPath(`${dataDir}\\database\\postmaster.pid`);
const show = (id: number) => bed.runForJson(["show", String(id)], environment);

test("`run` on an empty machine makes the database in C:\\ProgramData, and takes its server along", async () => {
  const command = await bed.run(["run", "--drain", "--port", "0"]);
  expect({ code: await command.exited, said: command.describe() }).toMatchObject({ code: 0 });
  const dataDir = "C:\\ProgramData\\fiscaut-tasks";
  expect(existsSync(bed.wine.hostPath(`${dataDir}\\database\\PG_VERSION`))).toBe(true);
  expect(serverRuns(dataDir)).toBe(false);
});

test("suppliers are synced from a data folder with blanks and accents, by command and over HTTP", async () => {
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

  const again = { company: 1, source: `csv:${SOURCE}`, force: true };
  const id = await enqueue(worker.url, { name: "fiscaut.sync-suppliers", payload: again });
  expect(await finishedTask(worker.url, id)).toMatchObject({
    state: "succeeded",
    result: {
      enqueued: Object.keys(SUPPLIERS).length,
      kinds: { supplier: { skipped: { no_document: 1 } } },
    },
  });

  // Ctrl+C leaves the server up until the running task has ended.
  const held = await bed.startHeldTask(worker.url);
  worker.process.type("\x03");
  await worker.process.waitForOutput(/stopping/);
  expect(serverRuns(DATA)).toBe(true);
  bed.letGo();
  expect(await worker.process.waitForExit()).toBe(0);
  expect(serverRuns(DATA)).toBe(false);
  expect(await show(held)).toMatchObject({ state: "succeeded", attempt: 1, result: "whole" });
});

test("a second Ctrl+C aborts the running task and gives it back", async () => {
  const worker = await startWorker();
  const id = await bed.startHeldTask(worker.url);
  worker.process.type("\x03");
  await worker.process.waitForOutput(/stopping/);
  worker.process.type("\x03");
  expect(await worker.process.waitForExit()).toBe(75);
  bed.letGo();
  expect(await show(id)).toMatchObject({ state: "pending", attempt: 0 });
});

test("`stop --wait` lets the running task end, and the server is down when it returns", async () => {
  const worker = await startWorker();
  const id = await bed.startHeldTask(worker.url);
  const stop = bed.start(["stop", "--wait"], environment);
  await worker.process.waitForOutput(/stopping/);
  bed.letGo();
  expect({ code: await stop.waitForExit(), said: stop.output.trim() }).toMatchObject({
    code: 0,
    said: expect.stringMatching(/^worker \d+ has stopped$/),
  });
  expect(serverRuns(DATA)).toBe(false);
  expect(await worker.process.waitForExit()).toBe(0);
  const again = await bed.run(["stop"], environment);
  expect(again.output.trim()).toBe(`no worker runs with the data folder ${DATA}`);
  expect(await show(id)).toMatchObject({ state: "succeeded", attempt: 1 });
});

test("after a kill of the worker, and of worker and server, the next start finds every task", async () => {
  const first = await startWorker();
  const later = ["enqueue", "later", "--delay", "1h", "--title", "espera"];
  const { id } = (await bed.runForJson(later, environment)) as { id: number };

  first.process.kill();
  await first.process.exited;
  expect(serverRuns(DATA)).toBe(true); // it outlives its owner, for the next one to use
  const second = await startWorker();
  expect(await shownTask(second.url, id)).toMatchObject({ title: "espera" });

  second.process.kill();
  await second.process.exited;
  const [serverPid = ""] = readFileSync(pidFile(DATA), "latin1").split("\n");
  await bed.wine.run("taskkill", ["/f", "/pid", serverPid]);
  const third = await startWorker();
  expect(await shownTask(third.url, id)).toMatchObject({ state: "pending" });
  await until(async () => (await fetch(`${third.url}/health`)).status === 200, "/health is 200");
  third.process.type("\x03");
  expect(await third.process.waitForExit()).toBe(0);
});
