// The Domínio tables in a Postgres of the tests, filled from the CSV sample. What is read of them is each test's affair.
import { join } from "node:path";
import { readCsvRows } from "../../src/sources/csv-rows.ts";
import { companyColumns, supplierColumns } from "../../src/sources/dominio.ts";
import type { TestDatabase } from "../postgres.ts";

export const sampleFolder = join(import.meta.dir, "../../scripts/demo/data");

/** As Domínio has them: texts of fixed length, padded, and numbers that no float holds. */
export async function makeDominioTables({ store: { sql } }: TestDatabase): Promise<void> {
  await sql.unsafe(`
    create schema bethadba;
    create table bethadba.geempre (codi_emp int primary key, cgce_emp char(18), razao_emp char(80));
    create table bethadba.effornece
      (codi_emp int, codi_for char(12), cgce_for char(18), nome_for char(120), codi_cta numeric(20));
  `);
  const companies = await Array.fromAsync(readCsvRows(join(sampleFolder, "geempre.csv"), companyColumns));
  const suppliers = await Array.fromAsync(readCsvRows(join(sampleFolder, "effornece.csv"), supplierColumns));
  await sql`insert into bethadba.geempre ${sql(companies.map(({ values }) => values))}`;
  const rows = suppliers.map(({ values }) => ({ ...values, codi_cta: values.codi_cta || null }));
  await sql`insert into bethadba.effornece ${sql(rows)}`;
}
