/**
 * The records that come over ODBC: those that the same data gives as CSV, from both drivers, in bounded memory, and as
 * the same batch of the compiled executable.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openOdbcSource } from "../../src/sources/odbc/odbc.ts";
import { startReader } from "../../src/sources/odbc/reader-process.ts";
import { parseSource } from "../../src/sources/parse-source.ts";
import type { Source } from "../../src/sources/source.ts";
import { recordKinds } from "../../src/task/sync/record.ts";
import { execute } from "../../test/e2e/executable.ts";
import { readCompanies, readCompany, reading, readRecords, testSource } from "../../test/sources/reading.ts";
import { largeCompany, longCompany, sampleFolder } from "./accounting-tables.ts";
import { findReaders, layBed, type OdbcBed } from "./odbc-bed.ts";

let bed: OdbcBed;
beforeAll(async () => {
  bed = await layBed();
}, 120_000);
afterAll(() => bed?.close());

const csv = parseSource(`csv:${sampleFolder}`);

/** Order is each source's own. */
const sorted = async (values: Promise<unknown[]>) =>
  (await values).map((value) => JSON.stringify(value)).sort();

describe.each(["postgres", "sqlite"] as const)("%s", (kind) => {
  let source: Source;
  beforeAll(() => {
    source = openOdbcSource(bed[kind], { command: bed.command });
  });

  test("gives the records that the CSV files give: accents, NULL, padding, zeros in front", async () => {
    expect(await sorted(readCompanies(source))).toEqual(await sorted(readCompanies(csv)));
    for (const code of [1, 2, 3, 4, 99]) {
      expect(await readCompany(source, code)).toEqual(await readCompany(csv, code));
      for (const kind of recordKinds)
        expect(await sorted(readRecords(source, kind, code))).toEqual(
          await sorted(readRecords(csv, kind, code)),
        );
    }
  });

  test("tells driver, DBMS, tables and rows", async () => {
    const { driver, dbms, tables } = await testSource(source);
    const owner = kind === "postgres" ? "bethadba." : "";
    expect(driver).toMatch(kind === "postgres" ? /^psqlodbcw\.so \d/ : /^sqlite3odbc\.so \d/);
    expect(dbms).toMatch(kind === "postgres" ? /^PostgreSQL \d/ : /^SQLite \d/);
    expect(tables).toEqual([
      { name: `${owner}geempre`, rows: (await readCompanies(csv)).length },
      { name: `${owner}ctcontas`, rows: 132 },
      { name: `${owner}efclientes`, rows: 72 },
      { name: `${owner}effornece`, rows: expect.any(Number) },
      { name: `${owner}efacumuladores`, rows: 29 },
    ]);
    expect(tables[3]?.rows).toBeGreaterThan(largeCompany.suppliers);
  });

  test("gives a value that is longer than a piece whole, characters of two halves included", async () => {
    const [supplier] = await readRecords(source, "supplier", longCompany.code);
    expect(supplier?.name).toBe(longCompany.name);
  });

  test("gives 50,000 suppliers in bounded memory", async () => {
    const startedAtMs = performance.now();
    let rows = 0;
    let peakBytes = 0;
    await reading(source, async (reader) => {
      for await (const supplier of reader.records("supplier", largeCompany.code)) {
        rows += 1;
        if (rows % 10_000 === 1) peakBytes = findReaders()[0]?.peakBytes ?? peakBytes;
        if (rows === 31_415) expect(supplier.name).toBe("FORNECEDOR Nº 31415 LTDA");
      }
    });
    const ms = Math.round(performance.now() - startedAtMs);
    process.stdout.write(`   ${kind}: ${rows} rows in ${ms} ms, peak ${Math.round(peakBytes / 1e6)} MB\n`);
    expect(rows).toBe(largeCompany.suppliers);
    expect(peakBytes).toBeGreaterThan(0);
    expect(peakBytes).toBeLessThan(150e6);
    expect(findReaders()).toBeEmpty();
  });

  test("comes to the same records as a sync from the CSV files", async () => {
    const env = { DATABASE_URL: bed.database.url };
    const { sql } = bed.database.store;
    const recordsAfter = async ({ exitCode, stderr }: { exitCode: number; stderr: string }) => {
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      return await sql`
        select kind, code, name, content, skip_reason from fiscaut_tasks.sync_record
        where company = 1 order by kind, code`;
    };
    await execute(["company", "enable", "1", "--source", `csv:${sampleFolder}`], env);
    const sync = ["sync", "all", "--company", "1", "--json", "--source"];
    const over = await recordsAfter(await bed.execute([...sync, `odbc:${bed[kind]}`], env));
    await sql`delete from fiscaut_tasks.sync_record`;
    const from = await recordsAfter(await execute([...sync, `csv:${sampleFolder}`], env));
    expect(from.length).toBeGreaterThan(1_100);
    expect(over).toEqual(from);
    await sql`delete from fiscaut_tasks.sync_record`;
  });
});

test("numbers come by their digits, never by way of a float", async () => {
  const reader = await startReader({
    connectionString: bed.postgres,
    command: bed.command,
    loginTimeoutMs: 15_000,
    queryTimeoutMs: 15_000,
    signal: undefined,
  });
  const text =
    "select 12345678901234567890.123456789::numeric, 9007199254740993::bigint, 20000::numeric(10, 0), ?::bigint, null, ''";
  const rows = reader.query({ text, parameters: [9_007_199_254_740_991] });
  expect(await Array.fromAsync(rows)).toEqual([
    ["12345678901234567890.123456789", "9007199254740993", "20000", "9007199254740991", null, ""],
  ]);
  await reader.end();
});
