/** What asking after the database may cost it: one question at a time, seldom, and never for long. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { DatabaseCheck } from "../../../src/http/health/database-check.ts";
import { openStore } from "../../../src/store/connection.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { until } from "../../until.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** Questions of the check that wait in the database now. */
async function openQuestions(): Promise<number> {
  const [row] = await database.store.sql<{ count: number }[]>`
    select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like '%oldestDueMs%'`;
  return row?.count ?? 0;
}

const limits = { answerMs: 200, reuseMs: 100, abandonMs: 60_000 };

test("readers at the same time share a reading, and those that come soon after too", async () => {
  const check = new DatabaseCheck(database.store, { ...limits, reuseMs: 300 });
  const [first, ...others] = await Promise.all(Array.from({ length: 50 }, () => check.read()));
  if (first === undefined) throw new Error("no reading");
  expect(others.every((reading) => reading === first)).toBe(true);
  expect(await check.read()).toBe(first);
  const later = await until(async () => {
    const reading = await check.read();
    return reading !== first && reading;
  });
  expect(later.at.getTime() - first.at.getTime()).toBeGreaterThanOrEqual(290);
});

test("a database that hangs is told in time, is asked once, and is seen when it is back", async () => {
  const check = new DatabaseCheck(database.store, limits);
  await database.store.sql.begin(async (sql) => {
    await sql`lock table fiscaut_tasks.task in access exclusive mode`;
    const reading = await check.read();
    expect(reading).toMatchObject({ ok: false, fault: "the database did not answer within 200 ms" });
    expect(reading.elapsedMs).toBeGreaterThanOrEqual(199);
    await until(async () => (await check.read()) !== reading);
    expect(await openQuestions()).toBe(1);
  });
  await until(async () => (await check.read()).ok);
});

test("a question that hangs for too long is given up for a new one", async () => {
  const check = new DatabaseCheck(database.store, { answerMs: 20, reuseMs: 0, abandonMs: 100 });
  await database.store.sql.begin(async (sql) => {
    await sql`lock table fiscaut_tasks.task in access exclusive mode`;
    await until(async () => {
      await check.read();
      return (await openQuestions()) === 2;
    });
  });
});

test("a server that accepts and says nothing counts as gone", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const store = openStore({
    url: `postgres://u:secret@127.0.0.1:${silent.port}/d`,
    applicationName: "test",
    maxConnections: 1,
  });
  expect(await new DatabaseCheck(store, limits).read()).toMatchObject({
    ok: false,
    fault: "the database did not answer within 200 ms",
  });
  await store.sql.end({ timeout: 0 });
  silent.stop(true);
});

test("a database without our schema is told as one", async () => {
  const store = openStore({
    url: Object.assign(new URL(database.url), { pathname: "postgres" }).href,
    applicationName: "test",
    maxConnections: 1,
  });
  expect(await new DatabaseCheck(store).read()).toMatchObject({
    ok: false,
    fault: "the database holds no tasks yet: its migrations are to come",
  });
  await store.close();
});
