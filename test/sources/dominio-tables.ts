/**
 * The Domínio tables in a Postgres of the tests, filled from the CSV sample. What is read of them is each test's affair.
 */
import { join } from "node:path";
import { readCsvRows } from "../../src/sources/csv-rows.ts";
import { dominioTableNames, dominioTables } from "../../src/sources/dominio.ts";
import type { TestDatabase } from "../postgres.ts";

export const sampleFolder = join(import.meta.dir, "../../scripts/demo/data");

/** As Domínio has them: texts of fixed length, padded, numbers that no float holds, and a table in capitals. */
export async function makeDominioTables({ store: { sql } }: TestDatabase): Promise<void> {
  await sql.unsafe(`
    create schema bethadba;
    create table bethadba.geempre (codi_emp int primary key, cgce_emp char(18), razao_emp char(80));
    create table bethadba.ctcontas
      (codi_emp int, codi_cta numeric(20), clas_cta char(40), nome_cta char(80), tipo_cta char(1));
    create table bethadba.efclientes
      (codi_emp int, codi_cli char(12), cgce_cli char(18), nome_cli char(120), codi_cta char(20));
    create table bethadba.effornece
      (codi_emp int, codi_for char(12), cgce_for char(18), nome_for char(120), codi_cta numeric(20));
    create table bethadba.efacumuladores
      (codi_emp int, "CODI_ACU" int, "NOME_ACU" char(60), "DESCRICAO_ACU" char(120));
  `);
  for (const table of dominioTableNames) {
    const path = join(sampleFolder, `${table}.csv`);
    const rows = await Array.fromAsync(readCsvRows<string>(path, dominioTables[table]));
    const { columns = [] } = await sql`select * from bethadba.${sql(table)}`;
    const inserted = rows.map(({ values }) =>
      Object.fromEntries(columns.map(({ name }) => [name, values[name.toLowerCase()] || null])),
    );
    await sql`insert into bethadba.${sql(table)} ${sql(inserted)}`;
  }
}
