/** A Postgres with the Domínio tables, beside the CSV files that they were filled from: the same records, the same words. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { parseSource } from "../../src/sources/parse-source.ts";
import { openPostgresSource } from "../../src/sources/postgres.ts";
import type { Source } from "../../src/sources/source.ts";
import { OperatorError } from "../../src/task/errors.ts";
import { recordKinds } from "../../src/task/sync/record.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";
import { makeDominioTables, sampleFolder } from "./dominio-tables.ts";
import { readCompanies, readCompany, reading, readRecords, testSource } from "./reading.ts";

const secret = "hunter2secret";

let database: TestDatabase;
let url: string;
beforeAll(async () => {
  database = await createDatabase();
  url = database.url;
  const { sql } = database.store;
  await makeDominioTables(database);
  await sql.unsafe(`
    insert into bethadba.effornece values
      (50, null, null, null, null), (50, ' 007A ', '12ABC34501DE35', ' AÇAÍ & ÓLEO ', 12345678901234567891);
    insert into bethadba.effornece select 60, n, '33000167000101', 'FORNECEDOR ' || n, n from generate_series(1, 50000) n;
  `);
});
afterAll(() => database.drop());

const open = () => parseSource(url);

async function faultOf(reading: Promise<unknown>): Promise<OperatorError> {
  const error = await reading.then(
    () => undefined,
    (reason) => reason,
  );
  if (!(error instanceof OperatorError)) throw new Error(`not an OperatorError: ${error}`);
  expect(`${error.message} ${error.hint}`).not.toContain(secret);
  return error;
}

const changed = (parts: Partial<URL>) => parseSource(Object.assign(new URL(url), parts).href);
const connections = async () => {
  const { sql } = database.store;
  return (await sql`select from pg_stat_activity where application_name = 'fiscaut-tasks source'`).length;
};

describe("what is read", () => {
  test("is what the CSV files hold, accents, empty values and codes with zeros included", async () => {
    const csv = parseSource(`csv:${sampleFolder}`);
    expect(await readCompanies(open())).toEqual(await readCompanies(csv));
    for (const code of [1, 2, 3, 4, 99]) {
      expect(await readCompany(open(), code)).toEqual(await readCompany(csv, code));
      for (const kind of recordKinds) {
        const sorted = async (source: Source) =>
          (await readRecords(source, kind, code)).map((row) => JSON.stringify(row)).sort();
        expect(await sorted(open())).toEqual(await sorted(csv));
      }
    }
  });

  test("has no padding, NULL as nothing, and every digit of a number", async () => {
    expect(await readRecords(open(), "supplier", 50)).toEqual([
      { code: "007A", document: "12ABC34501DE35", name: "AÇAÍ & ÓLEO", account: "12345678901234567891" },
      { code: "", document: "", name: "", account: undefined },
    ]);
  });

  test("is found on the search path where there is no schema bethadba", async () => {
    const other = await createDatabase();
    try {
      await other.store.sql.unsafe(`
        create schema elsewhere;
        create table elsewhere.geempre (codi_emp int, cgce_emp text, razao_emp text);
        insert into elsewhere.geempre values (7, '33000167000101', 'PETROBRAS');
      `);
      const source = parseSource(`${other.url}?search_path=elsewhere`);
      expect(await readCompany(source, 7)).toEqual({
        code: 7,
        document: "33000167000101",
        name: "PETROBRAS",
      });
      expect((await testSource(source)).tables).toEqual([
        { name: "geempre", rows: 1 },
        { name: "ctcontas", rows: null },
        { name: "efclientes", rows: null },
        { name: "effornece", rows: null },
        { name: "efacumuladores", rows: null },
      ]);
    } finally {
      await other.drop();
    }
  });

  test("comes in bounded memory and in order, however many rows there are", async () => {
    Bun.gc(true);
    const before = process.memoryUsage().rss;
    let rows = 0;
    let peak = 0;
    let last = "";
    let misplaced = 0;
    await using reader = await open().open();
    for await (const { code } of reader.records("supplier", 60)) {
      if (code <= last) misplaced += 1;
      last = code;
      if (++rows % 5_000 === 0) peak = Math.max(peak, process.memoryUsage().rss - before);
    }
    expect([rows, misplaced]).toEqual([50_000, 0]);
    expect(peak).toBeLessThan(64 * 1024 * 1024);
  });

  test("leaves no connection behind when the reader is disposed of early", async () => {
    await reading(open(), async (reader) => {
      for await (const row of reader.records("supplier", 60)) {
        expect(row.document).toBe("33000167000101");
        expect(await connections()).toBe(1);
        break;
      }
    });
    await until(async () => (await connections()) === 0);
  });
});

describe("one reader", () => {
  test("serves many calls over one connection, rows that were left early and faults among them", async () => {
    const { sql } = database.store;
    await reading(open(), async (reader) => {
      for await (const row of reader.records("supplier", 60)) if (row.code !== "") break;
      expect(await reader.company(2)).toMatchObject({ code: 2 });
      await sql`alter table bethadba.efclientes rename to elsewhere`;
      const { message, hint } = await faultOf(Array.fromAsync(reader.records("customer", 1)));
      await sql`alter table bethadba.elsewhere rename to efclientes`;
      expect(message).toMatch(/^bethadba\.efclientes of the source at .+: a table is not there \(/);
      expect(hint).toContain("copy it from Domínio");
      expect(await Array.fromAsync(reader.records("accumulator", 3))).toHaveLength(5);
      expect(await connections()).toBe(1);
    });
    await until(async () => (await connections()) === 0);
  });

  test("reads each time what is there then", async () => {
    const { sql } = database.store;
    await reading(open(), async (reader) => {
      expect(await reader.company(70)).toBeUndefined();
      await sql`insert into bethadba.geempre values (70, '33000167000101', 'NOVA')`;
      expect(await reader.company(70)).toMatchObject({ name: "NOVA" });
      await sql`delete from bethadba.geempre where codi_emp = 70`;
    });
  });

  test("refuses a second call beside the first", async () => {
    await reading(open(), async (reader) => {
      for await (const _ of reader.companies()) {
        await expect(reader.company(1)).rejects.toThrow("one call after another");
        break;
      }
    });
  });

  test("whose connection is lost says so at every call; another one reads on", async () => {
    await reading(open(), async (reader) => {
      const rows = reader.records("supplier", 60)[Symbol.asyncIterator]();
      await rows.next();
      await database.store
        .sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'fiscaut-tasks source'`;
      const rest = Array.fromAsync({ [Symbol.asyncIterator]: () => rows });
      expect((await faultOf(rest)).kind).toBe("unavailable");
      expect((await faultOf(reader.company(1))).kind).toBe("unavailable");
    });
    expect(await readCompany(open(), 1)).toMatchObject({ code: 1 });
  });
});

test("a test tells the server's version, the tables and their rows", async () => {
  const { driver, dbms, tables } = await testSource(open());
  expect(driver).toBe("Postgres");
  expect(dbms).toMatch(/^PostgreSQL \d+/);
  expect(tables).toEqual([
    { name: "bethadba.geempre", rows: 4 },
    { name: "bethadba.ctcontas", rows: 132 },
    { name: "bethadba.efclientes", rows: 72 },
    { name: "bethadba.effornece", rows: 52_011 },
    { name: "bethadba.efacumuladores", rows: 29 },
  ]);
});

describe("what can't be read is told in words, without the password", () => {
  test("a server that is not there", async () => {
    const error = await faultOf(testSource(parseSource(`postgres://ana:${secret}@127.0.0.1:9/dominio`)));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toBe("the source at 127.0.0.1:9/dominio can't be reached (ECONNREFUSED)");
  });

  test("a wrong password, a database that is not there", async () => {
    const wrong = await faultOf(readRecords(changed({ password: secret }), "supplier", 1));
    expect([wrong.kind, wrong.message]).toEqual(["failed", expect.stringContaining("the password is wrong")]);
    const nowhere = await faultOf(readCompany(changed({ pathname: "nowhere" }), 1));
    expect(nowhere.message).toContain("/nowhere: the database does not exist");
  });

  test("a table or column that is not there, a user that may not read", async () => {
    const other = await createDatabase();
    try {
      const source = parseSource(other.url);
      expect((await faultOf(readCompany(source, 1))).message).toContain("a table is not there");
      await other.store.sql.unsafe("create schema bethadba; create table bethadba.geempre (codi_emp int)");
      expect((await faultOf(testSource(source))).message).toContain('column "cgce_emp" does not exist');
      await other.store.sql.unsafe(`create role reader login password '${secret}'`);
      const reader = Object.assign(new URL(other.url), { username: "reader", password: secret }).href;
      const refused = await faultOf(readCompany(parseSource(reader), 1));
      expect(refused.message).toContain("the user may not read");
      expect(refused.hint).toContain("grant usage on schema bethadba");
    } finally {
      await other.drop();
      await database.store.sql.unsafe("drop role if exists reader");
    }
  });

  test("a table that another session has locked", async () => {
    const { sql } = database.store;
    await sql.begin(async (lock) => {
      await lock`lock table bethadba.effornece in access exclusive mode`;
      const impatient = openPostgresSource(url, { statementTimeoutMs: 100 });
      expect((await faultOf(readRecords(impatient, "supplier", 1))).message).toContain("it took too long");
    });
  });

  test("a text that is no URL, which isn't repeated", async () => {
    for (const text of [`postgres://ana:${secret}#@h/db`, `postgres://ana:${secret}%@h/db`]) {
      const error = await faultOf(Promise.try(() => parseSource(text)));
      expect([error.kind, error.message]).toEqual(["usage", "the source can't be read as a postgres:// URL"]);
    }
  });

  test("the address, which holds neither user nor password", () => {
    expect(parseSource(`postgres://ana:${secret}@h/dominio?sslmode=require`).address).toBe(
      "postgres://h:5432/dominio",
    );
  });
});
