/**
 * The whole sync under fire: one call of five goes wrong, records change all the while, workers are killed at random
 * moments. In the end the API has every valid record with its newest content, and each bad one is explained.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import type { Fault } from "../fiscaut-api/fault.ts";
import { findStale } from "../fiscaut-api/received.ts";
import { type FiscautStandIn, startFiscautStandIn } from "../fiscaut-api/stand-in.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { endLeftovers, execute, executeJson, type RunningWorker, startRun } from "./executable.ts";
import { badRows, companies, nameIn, Office, versionOf } from "./office.ts";

/** Those of a server in trouble and of the proxy before it; 403 and a redirect are rejections, to be sent by the next sync. */
const faults: Fault[] = [
  "500",
  "reset",
  "truncated-json",
  "429-seconds",
  "answer-lost",
  "502-html",
  "status-false",
  "200-html",
  "slow-body",
  "403-html",
  "no-answer",
  "504-html",
  "huge-body",
  "200-empty",
  "redirect",
];
const kills = 4;
const key = "soak-key";

let database: TestDatabase;
let office: Office;
let api: FiscautStandIn;
beforeAll(async () => {
  database = await createDatabase();
  office = new Office();
  api = startFiscautStandIn({
    apiKey: key,
    companies: companies.map(({ document }) => document),
    latencyMs: 5,
    faults: (nth) => (nth % 5 === 0 ? faults[(nth / 5) % faults.length] : undefined),
  });
});
afterEach(() => endLeftovers());
afterAll(async () => {
  await api.stop();
  office.leave();
  await database.drop();
});

const env = () => ({
  DATABASE_URL: database.url,
  FISCAUT_SOURCE: `csv:${office.folder}`,
  FISCAUT_API_URL: api.url,
  FISCAUT_API_KEY: key,
  FISCAUT_TIMEOUT: "500ms",
  FISCAUT_RATE: "off",
});
const startWorker = () => startRun(["--concurrency", "8", "--lease", "5s"], env());

async function sync(): Promise<void> {
  const { exitCode, stderr } = await execute(["sync", "all", "--all-enabled"], env());
  if (exitCode !== 0) throw new Error(stderr);
}

interface Totals {
  total: Record<string, number>;
}
const totals = async () => (await executeJson<Totals>(["sync", "status"], env())).total;

/** Runs what waits for its retry now, and sends what was rejected, until nothing is left to send. */
async function settle(): Promise<void> {
  await until(async () => {
    await execute(["retry", "--queue", "fiscaut", "--state", "pending"], env());
    const { in_progress = 0, error = 0, not_synced = 0 } = await totals();
    if (in_progress > 0) return false;
    if (error + not_synced === 0) return true;
    await sync();
    return false;
  }, 120_000);
}

/** A generator of its own seed, told when the test fails. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

test("one call of five goes wrong, records change and workers are killed: in the end all is there, newest last", async () => {
  const seed = Date.now() % 100_000;
  process.stdout.write(`seed ${seed}\n`);
  const random = createRandom(seed);
  await execute(["company", "enable", ...companies.map(({ code }) => String(code))], env());
  await sync();

  let worker: RunningWorker = await startWorker();
  for (let round = 0; round < kills; round++) {
    const enough = api.received.length + 20 + Math.floor(random() * 60);
    await until(() => api.received.length >= enough, 30_000);
    worker.signal("SIGKILL");
    await worker.exited;
    office.change(40, random);
    office.save();
    const [next] = await Promise.all([startWorker(), sync()]);
    worker = next;
  }
  await settle();
  expect(await worker.stop()).toBe(0);

  const sent = new Map([...api.records].map(([id, content]) => [id, nameIn(content)]));
  expect(sent).toEqual(office.expected());
  expect(findStale(api.received, versionOf)).toEqual([]);
  expect(await totals()).toMatchObject({
    synced: office.size,
    skipped: badRows.length * companies.length,
    error: 0,
  });
}, 240_000);

test("each bad row is explained in the operator's words, and a further sync has nothing to send", async () => {
  const { records } = await executeJson<{ records: { code: string; message: string }[] }>(
    ["sync", "status", "--status", "skipped", "--company", "1"],
    env(),
  );
  const messages = new Map(records.map(({ code, message }) => [code, message]));
  for (const { code, words } of badRows) expect(messages.get(code)).toContain(words);

  const before = api.received.length;
  const { stdout } = await execute(["sync", "all", "--all-enabled"], env());
  expect(stdout).toContain("nothing to send");
  expect(api.received.length).toBe(before);
});
