/**
 * Domínio's tables as two databases hold them that have an ODBC driver: filled from the sample export, padded as Domínio
 * pads, with one company of 50,000 suppliers and one of a very long name. Reading them is the tests' work.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { Store } from "../../src/store/connection.ts";

/** The sample export, as CSV. */
export const sampleFolder = join(import.meta.dir, "../demo/data");
/** Companies that the sample has not. */
export const largeCompany = { code: 7_000, suppliers: 50_000 };
export const longCompany = { code: 7_001, name: `${"Açaí 😀 ".repeat(5_000)}fim` };

/** The account that reads: it may do nothing else. */
export const reader = { user: "leitor", password: "s3nha;de{teste" };

type Row = Record<string, string | null>;

/** Fixed-length columns come padded from Postgres itself; SQLite pads nothing, so there it is done here. */
const definitions = {
  geempre: "codi_emp integer, cgce_emp char(20), razao_emp varchar(200)",
  ctcontas:
    "codi_emp integer, codi_cta varchar(20), clas_cta char(40), nome_cta varchar(200), tipo_cta char(1)",
  efclientes: "codi_emp integer, codi_cli char(12), cgce_cli char(20), nome_cli text, codi_cta varchar(20)",
  effornece: "codi_emp integer, codi_for char(12), cgce_for char(20), nome_for text, codi_cta varchar(20)",
  efacumuladores: "CODI_EMP integer, CODI_ACU integer, NOME_ACU char(60), DESCRICAO_ACU varchar(200)",
};

type Table = keyof typeof definitions;
const tables = Object.keys(definitions) as Table[];

/** As it stands, blanks included; "" is NULL. */
async function readSample(table: Table): Promise<Row[]> {
  const text = await Bun.file(join(sampleFolder, `${table}.csv`)).text();
  const rows: Record<string, string>[] = parse(text, {
    columns: (names: string[]) => names.map((name) => name.toLowerCase()),
  });
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === "" ? null : value])),
  );
}

function makeSuppliers(): Row[] {
  const cgce_for = "33000167000101";
  const many = Array.from({ length: largeCompany.suppliers }, (_, at) => ({
    codi_emp: `${largeCompany.code}`,
    codi_for: `${at + 1}`.padStart(6, "0"),
    cgce_for,
    nome_for: `FORNECEDOR Nº ${at + 1} LTDA`,
    codi_cta: `${at + 1}`,
  }));
  const { code, name } = longCompany;
  return [...many, { codi_emp: `${code}`, codi_for: "1", cgce_for, nome_for: name, codi_cta: null }];
}

async function rowsOf(table: Table): Promise<Row[]> {
  const sample = await readSample(table);
  return table === "effornece" ? [...sample, ...makeSuppliers()] : sample;
}

/** Makes schema `bethadba` and the account that reads. */
export async function fillPostgres({ sql }: Store): Promise<void> {
  await sql.unsafe(`
    create role ${reader.user} login password '${reader.password}';
    create schema bethadba;
    grant usage on schema bethadba to ${reader.user}`);
  for (const table of tables) {
    await sql.unsafe(`create table bethadba.${table} (${definitions[table]})`);
    await sql.unsafe(
      `insert into bethadba.${table} select * from json_populate_recordset(null::bethadba.${table}, $1::text::json)`,
      [JSON.stringify(await rowsOf(table))],
    );
    await sql.unsafe(`grant select on bethadba.${table} to ${reader.user}`);
  }
}

export async function fillSqlite(path: string): Promise<void> {
  using database = new Database(path, { create: true });
  for (const table of tables) {
    database.run(`create table ${table} (${definitions[table]})`);
    const rows = await rowsOf(table);
    const names = Object.keys(rows[0] ?? {});
    const marks = names.map(() => "?").join(", ");
    const insert = database.prepare(`insert into ${table} (${names.join(", ")}) values (${marks})`);
    database.transaction(() => {
      for (const row of rows) {
        insert.run(...names.map((name) => pad(name, row[name] ?? null)));
      }
    })();
  }
}

const pad = (name: string, value: string | null) =>
  name === "codi_for" || name === "codi_cli" ? (value?.padEnd(20) ?? null) : value;
