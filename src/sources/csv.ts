/**
 * A folder of CSV files exported from Domínio, one a table: `geempre.csv`, `effornece.csv`.
 * What columns mean is left to `dominio.ts`; encodings, quotes and line numbers to `csv-rows.ts`.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readCsvRows } from "./csv-rows.ts";
import {
  companyColumns,
  type DominioTable,
  dominioTables,
  supplierColumns,
  toCompany,
  toCompanyCode,
  toSupplier,
} from "./dominio.ts";
import type { Company, Source, SourceReport } from "./source.ts";

/** `folder` may be relative to the folder the process runs in. Its files are read when asked for, not before. */
export function openCsvSource(folder: string): Source {
  const directory = resolve(folder);
  const pathOf = (table: DominioTable) => resolve(directory, `${table}.csv`);

  async function* companies(): AsyncGenerator<Company> {
    const path = pathOf("geempre");
    for await (const { line, values } of readCsvRows(path, companyColumns))
      yield toCompany(values, `${path} line ${line}`);
  }

  return {
    address: `csv:${directory}`,
    companies,

    async company(code) {
      for await (const company of companies()) if (company.code === code) return company;
      return undefined;
    },

    async *suppliers(companyCode) {
      const path = pathOf("effornece");
      for await (const { line, values } of readCsvRows(path, supplierColumns))
        if (toCompanyCode(values.codi_emp, `${path} line ${line}`) === companyCode) yield toSupplier(values);
    },

    async test() {
      const tables: SourceReport["tables"] = [];
      for (const table of Object.keys(dominioTables) as DominioTable[]) {
        const path = pathOf(table);
        tables.push({ name: `${table}.csv`, rows: existsSync(path) ? await countRows(path, table) : null });
      }
      return { driver: "CSV files", dbms: directory, tables };
    },
  };
}

/** Reads every row, so that a bad one is told now and not in the middle of a sync. */
async function countRows(path: string, table: DominioTable): Promise<number> {
  let rows = 0;
  for await (const { line, values } of readCsvRows<string>(path, dominioTables[table])) {
    toCompanyCode(values["codi_emp"] ?? null, `${path} line ${line}`);
    rows += 1;
  }
  return rows;
}
