/**
 * The Windows executable with a Postgres of the operator's own, here the embedded one on Linux, over loopback.
 * The executable's own Postgres is the affair of `embedded-database.test.ts`.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, openEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { pickFreePort } from "../../src/store/embedded/free-port.ts";
import { type FiscautStandIn, startFiscautStandIn } from "../../test/fiscaut-api/stand-in.ts";
import { COMPANY, HANDLERS, SUPPLIERS, until, WorkerBed } from "./worker-bed.ts";

const SOURCE = "C:\\Domínio Sistemas\\exportação";

let bed: WorkerBed;
let database: EmbeddedPostgres;
const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-windows-"));
let fiscaut: FiscautStandIn;
let environment: Record<string, string>;
beforeAll(async () => {
  bed = await WorkerBed.open();
  bed.writeSuppliers(SOURCE);
  chmodSync(folder, 0o755); // where root runs the tests, Postgres runs as somebody else
  database = await openEmbeddedPostgres({ dataDir: join(folder, "data") });
  fiscaut = startFiscautStandIn({ apiKey: "test-key", companies: [COMPANY] });
  environment = {
    DATABASE_URL: database.url,
    FISCAUT_API_URL: fiscaut.url,
    FISCAUT_API_KEY: "test-key",
    FISCAUT_RATE: "off",
  };
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await fiscaut?.stop();
  await database?.close();
  rmSync(folder, { recursive: true });
});

test("suppliers are synced through the database at DATABASE_URL, and Ctrl+Break stops the worker", async () => {
  const worker = await bed.startWorker([], environment);
  expect((await fetch(`${worker.url}/health`)).status).toBe(200);
  await bed.runForJson(["company", "enable", "1"], environment);
  const sync = await bed.run(
    ["sync", "suppliers", "--company", "1", "--source", `csv:${SOURCE}`, "--wait"],
    environment,
  );
  expect({ code: await sync.exited, said: sync.describe() }).toMatchObject({ code: 0 });
  expect(fiscaut.records.size).toBe(Object.keys(SUPPLIERS).length);

  await bed.raiseCtrlBreak(await bed.pidOfWorker(database.url));
  expect(await worker.process.waitForExit()).toBe(0);
});

test("Ctrl+C as NSSM sends it lets the running task end", async () => {
  const url = `http://127.0.0.1:${await pickFreePort()}`;
  const supervisor = await bed.startSupervised(url, ["--handlers", HANDLERS], environment);
  const id = await bed.startHeldTask(url);
  bed.stopSupervised();
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, "it stops");
  bed.letGo();
  expect(await supervisor.waitForExit()).toBe(0);
  expect(await bed.runForJson(["show", String(id)], environment)).toMatchObject({
    state: "succeeded",
    attempt: 1,
    result: "whole",
  });
});

test("a database that can't be reached is told with exit code 69", async () => {
  const command = await bed.run(["list"], { DATABASE_URL: "postgres://nobody@127.0.0.1:1/nothing" });
  expect(await command.exited).toBe(69);
  expect(command.errors).toContain("127.0.0.1:1");
});
