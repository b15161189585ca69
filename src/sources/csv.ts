/**
 * A folder of CSV files exported from Domínio, one a table: `geempre.csv`, `effornece.csv` and so on.
 * What columns mean is left to `dominio.ts`; encodings, quotes and line numbers to `csv-rows.ts`.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { RecordKind } from "../task/sync/record.ts";
import type { RowOf } from "../task/sync/row.ts";
import { readCsvRows } from "./csv-rows.ts";
import {
  type DominioTable,
  dominioTableNames,
  dominioTables,
  recordTables,
  type TableValues,
  toCompany,
  toCompanyCode,
  toRow,
} from "./dominio.ts";
import type { Company, Source, SourceReader, SourceReport } from "./source.ts";

/** `folder` may be relative to the folder the process runs in. */
export function openCsvSource(folder: string): Source {
  const path = resolve(folder);
  return { address: `csv:${path}`, open: async () => new CsvReader(path) };
}

/** Files are read when asked for, so there is nothing that stays open between calls. */
class CsvReader implements SourceReader {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async *companies(): AsyncGenerator<Company> {
    for await (const { values, place } of this.#read("geempre")) yield toCompany(values, place);
  }

  async company(code: number): Promise<Company | undefined> {
    for await (const company of this.companies()) if (company.code === code) return company;
    return undefined;
  }

  async *records<Kind extends RecordKind>(kind: Kind, companyCode: number): AsyncGenerator<RowOf<Kind>> {
    for await (const { values, place } of this.#read(recordTables[kind]))
      if (toCompanyCode(values.codi_emp, place) === companyCode) yield toRow(kind, values);
  }

  async test(): Promise<SourceReport> {
    const tables: SourceReport["tables"] = [];
    for (const table of dominioTableNames) {
      const rows = existsSync(this.#pathOf(table)) ? await this.#countRows(table) : null;
      tables.push({ name: `${table}.csv`, rows });
    }
    return { driver: "CSV files", dbms: this.#folder, tables };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Reads every row, so that a bad one is told now and not in the middle of a sync. */
  async #countRows(table: DominioTable): Promise<number> {
    let rows = 0;
    for await (const { values, place } of this.#read(table)) {
      toCompanyCode(values.codi_emp, place);
      rows += 1;
    }
    return rows;
  }

  async *#read<Table extends DominioTable>(
    table: Table,
  ): AsyncGenerator<{ values: TableValues<Table>; place: string }> {
    const path = this.#pathOf(table);
    const columns: readonly (keyof TableValues<Table>)[] = dominioTables[table];
    for await (const { line, values } of readCsvRows(path, columns))
      yield { values, place: `${path} line ${line}` };
  }

  #pathOf(table: DominioTable): string {
    return resolve(this.#folder, `${table}.csv`);
  }
}
