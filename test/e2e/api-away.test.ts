/** The Fiscaut API away, refusing the key or asking to slow down: no attempt is spent, and all goes on by itself. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindSyncStore } from "../../src/cli/sync-store.ts";
import { syncCompanies } from "../../src/handlers/fiscaut/sync-companies.ts";
import { parseSource } from "../../src/sources/parse-source.ts";
import { findQueue } from "../../src/store/queues.ts";
import { enableCompanies } from "../../src/store/sync/companies.ts";
import { type FiscautStandIn, type StandInOptions, startFiscautStandIn } from "../fiscaut-api/stand-in.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { endLeftovers, execute, executeJson, type RunningWorker, startRun } from "./executable.ts";

const company = "33000167000101";
const apiKey = "test-key-1234";
let database: TestDatabase;
let api: FiscautStandIn;
const started: FiscautStandIn[] = [];
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await endLeftovers();
  for (const standIn of started.splice(0)) await standIn.stop();
  await database.drop();
});

function startApi(options: Partial<StandInOptions> = {}): void {
  api = startFiscautStandIn({ apiKey, companies: [company], ...options });
  started.push(api);
}
/** At the address that it had. */
const startApiAgain = () => startApi({ port: Number(new URL(api.url).port) });

const env = (more: Record<string, string> = {}) => ({
  DATABASE_URL: database.url,
  FISCAUT_API_URL: api.url,
  FISCAUT_API_KEY: apiKey,
  FISCAUT_RATE: "off",
  ...more,
});
/** Syncs a company that has so many accounts: a task for each. */
async function enqueue(count: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "fiscaut-tasks-accounts-"));
  const accounts = Array.from({ length: count }, (_, n) => `1,${n + 1},1.${n + 1},CONTA ${n + 1},A\n`);
  writeFileSync(join(dir, "geempre.csv"), `codi_emp,cgce_emp,razao_emp\n1,${company},PETROBRAS\n`);
  writeFileSync(
    join(dir, "ctcontas.csv"),
    `codi_emp,codi_cta,clas_cta,nome_cta,tipo_cta\n${accounts.join("")}`,
  );
  const { store } = database;
  await enableCompanies(store, [{ code: 1 }]);
  const source = parseSource(`csv:${dir}`);
  const request = { force: false, sendInvalid: false, priority: 0, enqueuedBy: null };
  await syncCompanies(
    bindSyncStore(store),
    { source, companies: 1, kinds: ["account"], ...request },
    { onCompany() {}, onProgress() {} },
  );
  rmSync(dir, { recursive: true });
  await store.announcer.flush();
}
/** So that a test need not wait for what is tried again. */
const retryQuickly = () => database.store.sql`update fiscaut_tasks.task set backoff = 'fixed:100ms'`;
const held = async () => (await findQueue(database.store, "fiscaut"))?.held;
/** How many of the tasks have succeeded, and whether any attempt of any was spent in vain. */
async function tally() {
  const [row] = await database.store.sql<{ succeeded: number; spent: number }[]>`
    select count(*) filter (where state = 'succeeded') as succeeded,
      coalesce(sum(attempt - 1), 0) + (select coalesce(sum(attempt), 0) from fiscaut_tasks.task where worker_id is null) as spent
    from (select state, attempt from fiscaut_tasks.task_history) as ended`;
  return { succeeded: row?.succeeded ?? 0, spent: Number(row?.spent) };
}
const allSucceeded = (count: number, limitMs = 30_000) =>
  until(async () => (await tally()).succeeded === count, limitMs);
const ask = async (worker: RunningWorker, path: string) => {
  const response = await fetch(worker.url + path);
  return { status: response.status, text: await response.text() };
};
const count = (worker: RunningWorker, message: string) =>
  worker.lines.filter((line) => String(line["message"]).startsWith(message)).length;

describe("an API that stops midway", () => {
  test("costs no attempt, with tasks under way on two workers, is shown, and goes on by itself", async () => {
    startApi({ latencyMs: 200 });
    await enqueue(150);
    const workers = await Promise.all([
      startRun(["--concurrency", "25"], env()),
      startRun(["--concurrency", "25"], env()),
    ]);
    const [worker] = workers as [RunningWorker, RunningWorker];
    await until(async () => (api.answers.get(201) ?? 0) >= 30);
    await api.stop();
    await until(held);
    const health = await until(async () => {
      const { status, text } = await ask(worker, "/health");
      const body = JSON.parse(text);
      return body.checks["fiscaut:api"][0].status === "warn" && { status, body };
    });
    expect(health).toMatchObject({ status: 200, body: { status: "warn" } });
    expect(health.body.output).toMatch(
      /^queue fiscaut is held since \S+: the Fiscaut API does not answer \(/,
    );
    expect((await ask(worker, "/readyz")).status).toBe(200);
    expect((await ask(worker, "/metrics")).text).toContain('fiscaut_tasks_queue_held{queue="fiscaut"} 1');
    expect(JSON.parse((await ask(worker, "/queues")).text).queues).toMatchObject([
      { name: "fiscaut", held: { reason: expect.stringContaining("does not answer"), until: null } },
    ]);
    const list = await execute(["queue", "list"], env());
    expect(list.stdout).toMatch(/\nfiscaut +held /);
    expect(list.stdout).toMatch(/held since \S+ \S+: the Fiscaut API does not answer/);
    // What was under way comes back uncounted, and nothing more starts on either worker.
    await until(async () => {
      const rows = await database.store.sql`select 1 from fiscaut_tasks.task where worker_id is not null`;
      return rows.length === 0;
    });
    const before = workers.map((each) => count(each, "task started"));
    expect((await tally()).spent).toBe(0);

    startApiAgain();
    await allSucceeded(150);
    expect(await tally()).toEqual({ succeeded: 150, spent: 0 });
    expect(await held()).toBeNull();
    expect(workers.flatMap(({ lines }) => lines).filter(({ level }) => level === "error")).toEqual([]);
    for (const [index, each] of workers.entries())
      expect(count(each, "task started")).toBeGreaterThanOrEqual(before[index] ?? 0);
    const told = (message: string) => workers.reduce((sum, each) => sum + count(each, message), 0);
    expect([told("queue held"), told("queue released")]).toEqual([1, 1]);
    expect(JSON.parse((await ask(worker, "/health")).text).checks["fiscaut:api"][0].status).toBe("pass");
  }, 90_000);

  test("is found to be back by another worker when the one that has held the queue is killed", async () => {
    startApi();
    await api.stop();
    const flags = ["--fiscaut-timeout", "1s", "--lease", "5s"];
    const first = await startRun(flags, env());
    await enqueue(1);
    // Until then the attempt is under way, and the death of its worker costs it.
    await first.line("task snoozed");
    first.signal("SIGKILL");
    await first.exited;
    const second = await startRun(flags, env());
    // Its own probe, at its start, has found the API away.
    await until(async () => {
      const [row] = await database.store.sql<{ probes: number }[]>`
        select probes from fiscaut_tasks.queue_hold`;
      return (row?.probes ?? 0) > 0;
    });
    startApiAgain();
    await second.line("queue released");
    await allSucceeded(1);
    expect((await tally()).spent).toBe(0);
  }, 90_000);
});

test("a key that is refused costs no attempt; a worker with another goes on at once, also one that only drains", async () => {
  startApi();
  await enqueue(20);
  const worker = await startRun([], env({ FISCAUT_API_KEY: "an-old-key" }));
  const { message } = await worker.line("queue held");
  expect(message).toBe(
    "queue held: the Fiscaut API refuses the key (401); correct FISCAUT_API_KEY and start the worker again",
  );
  expect(await worker.stop()).toBe(0);
  const drain = await startRun(["--drain"], env());
  expect(await drain.exited).toBe(0);
  // What the first worker had under way is back a second after its attempt.
  const rest = await startRun([], env());
  await allSucceeded(20);
  expect((await tally()).spent).toBe(0);
  expect(await rest.stop()).toBe(0);
}, 60_000);

test("a storm of 429 costs no attempt, and each holds the queue for as long as it asks for", async () => {
  const stormy = 30;
  startApi({ faults: (nth) => (nth <= stormy ? "429-seconds" : undefined) });
  await enqueue(40);
  const worker = await startRun(["--concurrency", "10"], env());
  await allSucceeded(40);
  expect(await tally()).toEqual({ succeeded: 40, spent: 0 });
  expect(api.answers.get(429)).toBe(stormy);
  // Ten at a time meet it, a second apart.
  expect(count(worker, "queue held: the Fiscaut API asks to slow down")).toBeWithin(3, 10);
  expect(await worker.stop()).toBe(0);
}, 60_000);

test("the rate of the setting holds over two workers, retries counted, and is the last one's that was started", async () => {
  startApi({ faults: (nth) => (nth === 2 ? "500" : undefined) });
  const first = await startRun([], env({ FISCAUT_RATE: "60/1m" }));
  const second = await startRun(["--fiscaut-rate", "2/1s"], env());
  expect(await second.line("the rate of queue")).toMatchObject({
    level: "warn",
    message: "the rate of queue fiscaut is 2/1s from now on, for all workers; it was 60/1m",
  });
  await enqueue(8);
  await retryQuickly();
  await allSucceeded(8);
  expect((await tally()).spent).toBe(1);
  const postedAt = api.received.map(({ at }) => at);
  expect(postedAt).toHaveLength(9);
  // The rate is of starts, by the database's clock; on the way to the API one may lose a little.
  const apart = postedAt.slice(2).map((at, index) => at - (postedAt[index] ?? 0));
  expect(Math.min(...apart)).toBeGreaterThan(700);
  const [row] = await database.store.sql<{ closest: number }[]>`
    select min(apart) as closest from (
      select (extract(epoch from started_at - lag(started_at, 2) over (order by started_at)) * 1000)::float8 as apart
      from fiscaut_tasks.task_history) as t`;
  expect(row?.closest).toBeGreaterThanOrEqual(1_000);
  for (const worker of [first, second]) expect(await worker.stop()).toBe(0);
}, 60_000);

test("a record task in another queue fails for good, with words", async () => {
  startApi();
  const payload = JSON.stringify({ company: 1, code: "1" });
  await executeJson(["enqueue", "fiscaut.sync-account", payload, "--queue", "night"], env());
  const worker = await startRun([], env());
  const { message } = await worker.line("task failed");
  expect(message).toBe(
    "task failed: this task is in queue night: records are sent from queue fiscaut only, which has the API's rate; enqueue it there",
  );
  expect(await worker.stop()).toBe(0);
}, 60_000);

test("one record's 500 is that record's: the others go on, and only it is tried again", async () => {
  startApi({ faults: (nth) => (nth === 1 ? "500" : undefined) });
  await enqueue(20);
  await retryQuickly();
  const worker = await startRun([], env());
  await allSucceeded(20);
  expect((await tally()).spent).toBe(1);
  expect(count(worker, "queue held")).toBe(0);
  expect(await worker.stop()).toBe(0);
}, 60_000);
