/** Where records come from, as an operator says and tests it: FISCAUT_SOURCE, `--source`, `source test`. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { makeDominioTables } from "../sources/dominio-tables.ts";
import { until } from "../until.ts";
import { endLeftovers, execute, executeJson, startRun } from "./executable.ts";

const password = "hunter2-secret";
let tasks: TestDatabase;
let dominio: TestDatabase;
let folder: string;
/** With the password of a user that may only read. */
let source: string;
let env: Record<string, string>;

beforeAll(async () => {
  [tasks, dominio] = await Promise.all([createDatabase(), createDatabase()]);
  await makeDominioTables(dominio);
  await dominio.store.sql.unsafe(`
    create role accountant login password '${password}';
    grant usage on schema bethadba to accountant;
    grant select on all tables in schema bethadba to accountant;
  `);
  source = Object.assign(new URL(dominio.url), { username: "accountant", password }).href;
  folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-sources-"));
  await Bun.write(join(folder, "source"), `${source}\n`);
  env = { DATABASE_URL: tasks.url, FISCAUT_SOURCE_FILE: join(folder, "source") };
});
afterEach(endLeftovers);
afterAll(async () => {
  await dominio.drop();
  await tasks.store.sql.unsafe("drop role accountant");
  await tasks.drop();
  rmSync(folder, { recursive: true });
});

async function executeQuietly(words: string[], given = env) {
  const finished = await execute(words, given);
  expect(finished.stdout + finished.stderr).not.toContain(password);
  return finished;
}

describe("source test", () => {
  test("tells driver, DBMS, tables and their rows", async () => {
    const { exitCode, stdout, stderr } = await executeQuietly(["source", "test"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(
      /^source +postgres:\/\/127\.0\.0\.1:\d+\/test_\d+\ndriver +Postgres\ndbms +PostgreSQL \d+/,
    );
    expect(stdout).toMatch(/^bethadba\.geempre +4\nbethadba\.ctcontas +132\nbethadba\.efclientes +72\n/m);
    expect(await executeJson<object>(["source", "test"], env)).toMatchObject({
      driver: "Postgres",
      tables: [
        { name: "bethadba.geempre", rows: 4 },
        { name: "bethadba.ctcontas", rows: 132 },
        { name: "bethadba.efclientes", rows: 72 },
        { name: "bethadba.effornece", rows: 2009 },
        { name: "bethadba.efacumuladores", rows: 29 },
      ],
    });
  });

  test("warns of a table of records that is not there, and ends with 1 where all are missing", async () => {
    const partial = mkdtempSync(join(folder, "partial-"));
    await Bun.write(
      join(partial, "geempre.csv"),
      "codi_emp,cgce_emp,razao_emp\n1,33000167000101,PETROBRAS\n",
    );
    const nothing = await executeQuietly(["source", "test"], { FISCAUT_SOURCE: `csv:${partial}` });
    expect(nothing.stderr).toContain(
      "efclientes.csv, effornece.csv, and efacumuladores.csv: there is nothing to sync",
    );
    expect(nothing.exitCode).toBe(1);
    await Bun.write(
      join(partial, "efacumuladores.csv"),
      "codi_emp,CODI_ACU,NOME_ACU,DESCRICAO_ACU\n1,1,COMPRA,\n",
    );
    const { exitCode, stdout, stderr } = await executeQuietly(["source", "test"], {
      FISCAUT_SOURCE: `csv:${partial}`,
    });
    expect(stdout).toMatch(/^effornece\.csv +not there\nefacumuladores\.csv +1$/m);
    expect(stderr).toContain(
      "the source lacks ctcontas.csv, efclientes.csv, and effornece.csv: what stands there",
    );
    expect(exitCode).toBe(0);
  });

  test("ends with 1 and what to do, for a table that is not there, a wrong password, a server that is not there", async () => {
    const nobody = { FISCAUT_SOURCE: "postgres://ana:hunter2-secret@127.0.0.1:9/dominio" };
    const wrong = { FISCAUT_SOURCE: Object.assign(new URL(source), { password: `${password}x` }).href };
    const cases: [Record<string, string>, string][] = [
      [{ FISCAUT_SOURCE: tasks.url }, "error: the source lacks geempre, the table of companies\nTry: "],
      [wrong, "the password is wrong"],
      [
        nobody,
        "error: the source at 127.0.0.1:9/dominio can't be reached (ECONNREFUSED)\nTry: start that Postgres",
      ],
      [
        { FISCAUT_SOURCE: `csv:${folder}` },
        "error: the source lacks geempre.csv, the table of companies\nTry: ",
      ],
    ];
    for (const [given, message] of cases) {
      const { exitCode, stderr } = await executeQuietly(["source", "test"], given);
      expect(stderr).toContain(message);
      expect(exitCode).toBe(1);
    }
  });

  test("ends with 2 where there is no source, with 78 where the setting is none", async () => {
    const none = await execute(["source", "test"]);
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("set FISCAUT_SOURCE") });
    const wrong = await executeQuietly(["source", "test"], { FISCAUT_SOURCE: `mysql://ana:${password}@h/d` });
    expect(wrong).toMatchObject({ exitCode: 78, stderr: expect.stringContaining("FISCAUT_SOURCE") });
  });

  test("warns of a password among the words of the command", async () => {
    const { exitCode, stderr } = await executeQuietly(["source", "test", "--source", source], {});
    expect(stderr).toContain("process lists show it: set FISCAUT_SOURCE");
    expect(exitCode).toBe(0);
  });
});

test("source companies lists what can be synced", async () => {
  const { stdout } = await executeQuietly(["source", "companies"]);
  expect(stdout).toMatch(/^3 +12ABC34501DE35 +EMPRESA ALFANUMÉRICA DE EXEMPLO LTDA$/m);
  expect((await executeJson<object[]>(["source", "companies"], env)).length).toBe(4);
});

test("config show hides the password of the source", async () => {
  const { stdout } = await executeQuietly(["config", "show"]);
  expect(stdout).toMatch(/^fiscaut-source +postgres:\/\/accountant:\*\*\*@/m);
});

describe("FISCAUT_SOURCE", () => {
  test("is what sync suppliers reads, with nothing of it among its words", async () => {
    await executeQuietly(["company", "enable", "1", "2"]);
    const { exitCode, stdout } = await executeQuietly(["sync", "suppliers", "--company", "1", "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ companies: [{ company: 1, batch: { total: 1017 } }] });
  });

  test("is the worker's for tasks that name no source, and stands in nothing that is stored or logged", async () => {
    const worker = await startRun([], env);
    const { id } = await executeJson<{ id: number }>(
      ["enqueue", "fiscaut.sync-suppliers", '{"company":2}'],
      env,
    );
    const show = () => executeJson<{ state: string; result: unknown }>(["show", String(id)], env);
    await until(async () => (await show()).state === "succeeded");
    expect(await show()).toMatchObject({ result: { enqueued: expect.any(Number) } });
    const refused = await fetch(`${worker.url}/tasks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "fiscaut.sync-suppliers", payload: { company: 2, source } }),
    });
    const problem = await refused.text();
    expect([refused.status, problem]).toEqual([400, expect.stringContaining("set FISCAUT_SOURCE")]);
    expect(JSON.stringify([await show(), problem, worker.lines])).not.toContain(password);
    expect(await worker.stop()).toBe(0);
  }, 60_000);

  test("is what a payload with a password is told to use instead", async () => {
    const payload = JSON.stringify({ company: 1, source });
    const { exitCode, stderr } = await executeQuietly(["enqueue", "fiscaut.sync-suppliers", payload]);
    expect(stderr).toContain("leave it out and set FISCAUT_SOURCE");
    expect(exitCode).toBe(2);
    const [found] = await tasks.store
      .sql`select from fiscaut_tasks.task where payload::text like '%hunter2%'`;
    expect(found).toBeUndefined();
  });
});
