/**
 * The Domínio tables that records are read from: their columns, their queries, and how a row becomes a record, for
 * every kind of source alike. How values are fetched as text is left to the file of each kind.
 */
import { OperatorError } from "../task/errors.ts";
import type { Company, SupplierRow } from "./source.ts";

/** The schema, in SQL Anywhere's words the owner, of the tables. */
export const dominioOwner = "bethadba";

export const companyColumns = ["codi_emp", "cgce_emp", "razao_emp"] as const;
export const supplierColumns = ["codi_emp", "codi_for", "cgce_for", "nome_for", "codi_cta"] as const;

/** By name without owner, in the order in which a report lists them. */
export const dominioTables = {
  geempre: companyColumns,
  effornece: supplierColumns,
} as const;

export type DominioTable = keyof typeof dominioTables;

/** As they stand in the source, padding and all; null for NULL. */
export type RowValues<Columns extends readonly string[]> = Readonly<Record<Columns[number], string | null>>;

/**
 * `text` has a marker for each of `parameters`. Its columns come in the order of `columns`, and each is to be fetched
 * as text: a number by its digits, never by way of a float.
 */
export interface DominioQuery<Columns extends readonly string[] = readonly string[]> {
  readonly text: string;
  readonly parameters: readonly number[];
  readonly columns: Columns;
}

export interface Dialect {
  /** Of the only parameter: "?" in ODBC, "$1" in Postgres. */
  readonly marker: string;
  /** Undefined: the tables are found without one. */
  readonly owner: string | undefined;
}

/** As queries and reports name it. */
export const qualify = (owner: string | undefined, table: DominioTable) =>
  owner === undefined ? table : `${owner}.${table}`;

/** Each query in the words of one dialect. Rows are ordered, so that two readings of the same tables are alike. */
export function dominioQueries({ marker, owner }: Dialect) {
  const select = (table: DominioTable) =>
    `select ${dominioTables[table].join(", ")} from ${qualify(owner, table)}`;
  return {
    companies: (): DominioQuery<typeof companyColumns> => ({
      text: `${select("geempre")} order by codi_emp`,
      parameters: [],
      columns: companyColumns,
    }),
    company: (code: number): DominioQuery<typeof companyColumns> => ({
      text: `${select("geempre")} where codi_emp = ${marker}`,
      parameters: [code],
      columns: companyColumns,
    }),
    suppliers: (companyCode: number): DominioQuery<typeof supplierColumns> => ({
      text: `${select("effornece")} where codi_emp = ${marker} order by codi_for`,
      parameters: [companyCode],
      columns: supplierColumns,
    }),
    /** Of one row with one value. Fails where the table is not there. */
    count: (table: DominioTable): DominioQuery => ({
      text: `select count(*) from ${qualify(owner, table)}`,
      parameters: [],
      columns: ["count"],
    }),
  };
}

/** @throws OperatorError, see `toCompanyCode`. */
export function toCompany(values: RowValues<typeof companyColumns>, place: string): Company {
  return {
    code: toCompanyCode(values.codi_emp, place),
    document: trimmed(values.cgce_emp),
    name: trimmed(values.razao_emp),
  };
}

/** The company's code is not looked at: rows are asked for by it. */
export function toSupplier(values: RowValues<typeof supplierColumns>): SupplierRow {
  const account = trimmed(values.codi_cta);
  return {
    code: trimmed(values.codi_for),
    document: trimmed(values.cgce_for),
    name: trimmed(values.nome_for),
    account: account === "" ? undefined : account,
  };
}

/**
 * An integer in Domínio; "001" is company 1.
 * @param place where the row stands, for the fault: a file and line, or a table.
 * @throws OperatorError for a row of no company: it can't be left out in silence.
 */
export function toCompanyCode(text: string | null, place: string): number {
  const code = trimmed(text);
  if (/^[0-9]{1,15}$/.test(code)) return Number(code);
  throw new OperatorError("failed", `${place}: codi_emp "${code.slice(0, 40)}" is not a number`, {
    hint: "correct the row in the accounting database, or export the table again",
  });
}

/** Fixed-length columns come padded with blanks. */
const trimmed = (value: string | null) => value?.trim() ?? "";
