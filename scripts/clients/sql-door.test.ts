/**
 * The README's examples of the SQL door, run by psql and Python as a role that may enqueue and look, and nothing else;
 * the tasks are run by a worker of the executable.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { resolve } from "node:path";
import { enableCompanies } from "../../src/store/sync/companies.ts";
import { endLeftovers, startRun } from "../../test/e2e/executable.ts";
import { finished } from "../../test/finished.ts";
import { createDatabase, type TestDatabase } from "../../test/postgres.ts";
import { until } from "../../test/until.ts";
import { enterRoot } from "../debian/root.ts";
import { layClientsRoot } from "./clients-root.ts";
import { EXAMPLE_FOLDER, readExample } from "./readme-blocks.ts";

const exports = resolve(import.meta.dir, "../demo/data");

const password = "of-the-test";

let root: string;
let database: TestDatabase;
let url: string;
beforeAll(async () => {
  root = await layClientsRoot(() => {});
  database = await createDatabase();
  await database.store.sql.unsafe(`create role application login password '${password}'`);
  await database.store.sql.unsafe(readExample("sql", "grant "));
  await enableCompanies(database.store, [{ code: 1 }, { code: 2 }]);
  url = Object.assign(new URL(database.url), { username: "application", password }).href;
  // Polls so seldom that only being woken explains a task which is done.
  await startRun(["--poll-interval", "1m"], { DATABASE_URL: database.url });
});
afterAll(async () => {
  await endLeftovers();
  await database.store.sql.unsafe("drop owned by application; drop role application");
  await database.drop();
});

const psql = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"];
/** As its users give it what no process list should show. */
function psqlEnv() {
  const { hostname, port, pathname, username } = new URL(url);
  return {
    PGHOST: hostname,
    PGPORT: port,
    PGDATABASE: pathname.slice(1),
    PGUSER: username,
    PGPASSWORD: password,
  };
}

/** Runs a program of the clients' root. @throws Error with all that it printed when it fails. */
async function run(command: string[], input: string): Promise<string> {
  const child = Bun.spawn(enterRoot(root, command), {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", DATABASE_URL: url, ...psqlEnv() },
    stdin: Buffer.from(input.replaceAll(`csv:${EXAMPLE_FOLDER}`, `csv:${exports}`)),
    stdout: "pipe",
    stderr: "pipe",
  });
  const { exitCode, stdout, stderr } = await finished(child);
  if (exitCode !== 0) throw new Error(`${command[0]} ended with ${exitCode}:\n${stdout}${stderr}`);
  return stdout;
}

/** Waits until all of these have succeeded: each has found the company's suppliers. */
async function expectDone(ids: number[]): Promise<void> {
  const read = () => database.store.sql<{ state: string; found: number | null; error: string | null }[]>`
    select state, (result #>> '{kinds,supplier,read}')::int as found, error
    from fiscaut_tasks.task_status where id = any(${ids}::bigint[])`;
  await until(
    async () => (await read()).every(({ state }) => state === "succeeded" || state === "failed"),
    20_000,
  );
  for (const task of await read()) {
    expect(task).toEqual({ state: "succeeded", found: expect.any(Number), error: null });
    expect(task.found).toBeGreaterThan(0);
  }
}

test("psql: a transaction's task, one a row of a query, and many of one call", async () => {
  const printed = await run([...psql, "--file", "-"], readExample("sql", "begin;"));
  const ids = printed.split("\n").filter((line) => /^\d+$/.test(line));
  expect(ids).toHaveLength(5);
  await expectDone(ids.map(Number));
});

test("psql: shows what is wrong with a task, and what to do", async () => {
  const failing = run(psql, "select fiscaut_tasks.enqueue('a b');");
  await expect(failing).rejects.toThrow(/ERROR: {2}the task's name may hold .*\nHINT: {2}correct it/);
});

test("Python: psycopg enqueues and reads the state", async () => {
  const printed = await run(["python3", "-"], readExample("python", "import os, psycopg"));
  const [, id] = /^(\d+) \('pending', None, None\)\n$/.exec(printed) ?? [];
  expect([printed, id]).toEqual([printed, expect.any(String)]);
  await expectDone([Number(id)]);
});

test("Python: in Django's transaction.atomic a task is there after the commit, and none after a rollback", async () => {
  const { hostname, port, pathname } = new URL(url);
  const settings = `
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "${hostname}",
    "PORT": "${port}", "NAME": "${pathname.slice(1)}", "USER": "application", "PASSWORD": "${password}"}})
`;
  const rollback = `
print(task_id)
try:
    with transaction.atomic():
        print(enqueue("rolled.back", {}))
        raise KeyError("the view's own fault")
except KeyError:
    pass
try:
    enqueue("a", {}, priority=99999)
except Exception as error:
    print(type(error).__module__, type(error).__name__)
`;
  const printed = await run(["python3", "-"], settings + readExample("python", "django.db") + rollback);
  const [id, rolledBack, error] = printed.split("\n");
  expect(error).toBe("django.db.utils DataError");
  await expectDone([Number(id)]);
  const found = await database.store
    .sql`select 1 from fiscaut_tasks.task_status where id = ${Number(rolledBack)}`;
  expect(Number(rolledBack)).toBeGreaterThan(Number(id));
  expect(found).toBeEmpty();
});
