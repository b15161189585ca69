import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Check } from "../../../src/cli/doctor/check.ts";
import { runChecks, withGiven } from "../../../src/cli/doctor/check.ts";
import { autovacuumCheck } from "../../../src/cli/doctor/database/autovacuum.ts";
import { clockCheck } from "../../../src/cli/doctor/database/clock.ts";
import { connectionsCheck } from "../../../src/cli/doctor/database/connections.ts";
import { listenCheck } from "../../../src/cli/doctor/database/listen.ts";
import { type OpenedDatabase, openForDoctor } from "../../../src/cli/doctor/database/opened.ts";
import { privilegesCheck } from "../../../src/cli/doctor/database/privileges.ts";
import { schemaCheck } from "../../../src/cli/doctor/database/schema.ts";
import { serverCheck } from "../../../src/cli/doctor/database/server.ts";
import { judgeHolders, vacuumCheck } from "../../../src/cli/doctor/database/vacuum.ts";
import { databaseTimeZoneCheck } from "../../../src/cli/doctor/machine/time-zone.ts";
import { readHorizonHolders } from "../../../src/store/inspect/read-horizon.ts";
import { load } from "../../config/surroundings.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const sql = (text: string) => database.store.sql.unsafe(text);

/** As `doctor` opens it, and closed after. */
async function lookAt(checks: Check<OpenedDatabase>[], url = database.url) {
  const opening = await openForDoctor(load({ env: { DATABASE_URL: url } }).config, 5_000);
  if (opening.kind === "closed") throw new Error(opening.finding.text);
  try {
    return await runChecks(withGiven(opening.database, checks), 10_000);
  } finally {
    await opening.database.store.close();
  }
}

const one = async (check: Check<OpenedDatabase>, url?: string) => (await lookAt([check], url))[0];

test("a database that is well passes every check", async () => {
  const results = await lookAt([
    serverCheck,
    schemaCheck,
    privilegesCheck,
    clockCheck,
    connectionsCheck,
    vacuumCheck,
    autovacuumCheck,
    listenCheck,
    databaseTimeZoneCheck,
  ]);
  expect(results.filter(({ status }) => status !== "pass")).toEqual([]);
});

test("a schema that is behind is warned of, one that has left this executable behind fails", async () => {
  await sql("create table kept as table fiscaut_tasks.migration");
  await sql("delete from fiscaut_tasks.migration where name > '0001'");
  expect(await one(schemaCheck)).toMatchObject({
    status: "warn",
    text: expect.stringContaining("pending: 0001_storage"),
  });
  await sql("insert into fiscaut_tasks.migration table kept on conflict do nothing");
  await sql("insert into fiscaut_tasks.migration values ('9999_future', '', now(), true)");
  expect(await one(schemaCheck)).toMatchObject({
    status: "fail",
    text: expect.stringContaining("(9999_future) is newer than this executable"),
  });
  await sql("delete from fiscaut_tasks.migration where name = '9999_future'");
});

test("a user who does not own the tables can't run a worker, and is told whom to ask", async () => {
  await sql("create role onlooker login password 'onlooker'");
  const url = Object.assign(new URL(database.url), { username: "onlooker", password: "onlooker" }).href;
  expect(await one(privilegesCheck, url)).toMatchObject({
    status: "fail",
    text: expect.stringMatching(/^onlooker does not own batch and \d+ other tables$/),
    cure: "connect as fiscaut_tasks, or: grant fiscaut_tasks to onlooker",
  });
  expect(await one(vacuumCheck, url)).toMatchObject({ text: expect.stringContaining("pg_read_all_stats") });
  await sql("grant fiscaut_tasks to onlooker");
  expect(await one(privilegesCheck, url)).toMatchObject({ status: "pass" });
  await sql("revoke fiscaut_tasks from onlooker");
  await sql("drop role onlooker");
});

test("a user to whom the database is read-only stores no task", async () => {
  const url = `${database.url}?default_transaction_read_only=on`;
  expect(await one(serverCheck, url)).toMatchObject({
    status: "fail",
    text: expect.stringContaining("read-only"),
  });
});

test("too tight a limit of connections fails, whosever it is", async () => {
  const name = new URL(database.url).pathname.slice(1);
  await sql(`alter database ${name} connection limit 8`);
  expect(await one(connectionsCheck)).toMatchObject({
    status: "fail",
    text: expect.stringMatching(/of the 8 that the database gives/),
    cure: expect.stringContaining("CONNECTION LIMIT"),
  });
  await sql(`alter database ${name} connection limit -1`);
});

test("autovacuum switched off for the table of tasks fails", async () => {
  await sql("alter table fiscaut_tasks.task set (autovacuum_enabled = off)");
  expect(await one(autovacuumCheck)).toMatchObject({ status: "fail" });
  await sql("alter table fiscaut_tasks.task reset (autovacuum_enabled)");
  expect(await one(autovacuumCheck)).toMatchObject({ status: "pass" });
});

test("an open transaction is seen, and one that is old is warned of with its cure", async () => {
  const connection = await database.store.sql.reserve();
  await connection`begin`;
  const [row] = await connection<{ pid: number }[]>`select pg_backend_pid() as pid, pg_current_xact_id()`;
  const [holder] = await readHorizonHolders(database.store);
  await connection`rollback`;
  connection.release();
  expect(holder).toMatchObject({ kind: "transaction", name: String(row?.pid) });

  const old = {
    kind: "transaction",
    name: "42",
    whose: "ana, psql, idle in transaction",
    heldMs: 3_600_000,
  } as const;
  expect(judgeHolders([old], true)).toEqual({
    status: "warn",
    text: "the transaction 42 (ana, psql, idle in transaction, 1h old) holds back vacuum",
    cure: "end it: select pg_terminate_backend(42)",
  });
  expect(judgeHolders([{ ...old, heldMs: 1_000 }], true)).toMatchObject({ status: "pass" });
});

test("a database that can't be reached, or does not answer, is told in time", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const open = async (port: number) =>
    await openForDoctor(
      load({ env: { DATABASE_URL: `postgres://a:secret@127.0.0.1:${port}/b` } }).config,
      200,
    );
  expect(await open(1)).toMatchObject({
    kind: "closed",
    finding: { status: "fail", text: expect.stringContaining("can't be reached") },
  });
  expect(await open(silent.port)).toMatchObject({
    kind: "closed",
    finding: {
      status: "fail",
      text: `the database at 127.0.0.1:${silent.port}/b did not answer within 0.2 s`,
    },
  });
  silent.stop(true);
});
