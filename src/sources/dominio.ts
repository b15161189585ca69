/**
 * The Domínio tables that records are read from: their columns, their queries, and how a row becomes a record, for
 * every kind of source alike. How values are fetched as text is left to the file of each kind.
 */
import { OperatorError } from "../task/errors.ts";
import type { RecordKind } from "../task/sync/record.ts";
import type { PartyRow, RowOf } from "../task/sync/row.ts";
import type { Company } from "./source.ts";

/** The schema, in SQL Anywhere's words the owner, of the tables. */
export const dominioOwner = "bethadba";

/** Their columns, by name without owner, in the order in which a report lists them. */
export const dominioTables = {
  geempre: ["codi_emp", "cgce_emp", "razao_emp"],
  ctcontas: ["codi_emp", "codi_cta", "clas_cta", "nome_cta", "tipo_cta"],
  efclientes: ["codi_emp", "codi_cli", "cgce_cli", "nome_cli", "codi_cta"],
  effornece: ["codi_emp", "codi_for", "cgce_for", "nome_for", "codi_cta"],
  efacumuladores: ["codi_emp", "codi_acu", "nome_acu", "descricao_acu"],
} as const;

export type DominioTable = keyof typeof dominioTables;

export const dominioTableNames = Object.keys(dominioTables) as DominioTable[];

/** Where each kind of record is. */
export const recordTables = {
  account: "ctcontas",
  customer: "efclientes",
  supplier: "effornece",
  accumulator: "efacumuladores",
} as const satisfies Record<RecordKind, DominioTable>;

type RecordTable<Kind extends RecordKind> = (typeof recordTables)[Kind];

/** As they stand in the source, padding and all; null for NULL. */
export type TableValues<Table extends DominioTable> = {
  readonly [Column in "codi_emp" | (typeof dominioTables)[Table][number]]: string | null;
};

/**
 * `text` has a marker for each of `parameters`. Its columns come in the order of those that it asks for, and each is to
 * be fetched as text: a number by its digits, never by way of a float.
 */
export interface DominioQuery {
  readonly text: string;
  readonly parameters: readonly number[];
}

export interface Dialect {
  /** Of the only parameter: "?" in ODBC, "$1" in Postgres. */
  readonly marker: string;
  /** Undefined: the tables are found without one. */
  readonly owner: string | undefined;
  /** How a query is to write a column's name, where not as it stands here. */
  readonly writeColumn?: (table: DominioTable, column: string) => string;
}

/** As queries and reports name it. */
export const qualify = (owner: string | undefined, table: DominioTable) =>
  owner === undefined ? table : `${owner}.${table}`;

/** Each query in the words of one dialect. Rows are ordered, so that two readings of the same tables are alike. */
export function dominioQueries({ marker, owner, writeColumn = (_, column) => column }: Dialect) {
  const select = (table: DominioTable) => {
    const columns = dominioTables[table].map((column) => writeColumn(table, column));
    return `select ${columns.join(", ")} from ${qualify(owner, table)}`;
  };
  const ofCompany = (table: DominioTable, code: number, order = ""): DominioQuery => ({
    text: `${select(table)} where ${writeColumn(table, "codi_emp")} = ${marker}${order}`,
    parameters: [code],
  });
  return {
    companies: (): DominioQuery => ({
      text: `${select("geempre")} order by ${writeColumn("geempre", "codi_emp")}`,
      parameters: [],
    }),
    company: (code: number) => ofCompany("geempre", code),
    records(kind: RecordKind, companyCode: number) {
      const table = recordTables[kind];
      return ofCompany(table, companyCode, ` order by ${writeColumn(table, codeColumns[kind])}`);
    },
    /** Of one row with one value. Fails where the table is not there. */
    count: (table: DominioTable): DominioQuery => ({
      text: `select count(*) from ${qualify(owner, table)}`,
      parameters: [],
    }),
    /** Of no row. Fails where the table, or one of its columns, is not there. */
    sample: (table: DominioTable) => ofCompany(table, noCompany),
  };
}

const noCompany = -1;

const codeColumns = {
  account: "codi_cta",
  customer: "codi_cli",
  supplier: "codi_for",
  accumulator: "codi_acu",
} as const satisfies { [Kind in RecordKind]: keyof TableValues<RecordTable<Kind>> };

/** @throws OperatorError, see `toCompanyCode`. */
export function toCompany(values: TableValues<"geempre">, place: string): Company {
  return {
    code: toCompanyCode(values.codi_emp, place),
    document: trimmed(values.cgce_emp),
    name: trimmed(values.razao_emp),
  };
}

/** The company's code is not looked at: rows are asked for by it. */
export function toRow<Kind extends RecordKind>(
  kind: Kind,
  values: TableValues<RecordTable<Kind>>,
): RowOf<Kind> {
  return rowsOf[kind](values);
}

const rowsOf: { [Kind in RecordKind]: (values: TableValues<RecordTable<Kind>>) => RowOf<Kind> } = {
  account: ({ codi_cta, clas_cta, nome_cta, tipo_cta }) => ({
    code: trimmed(codi_cta),
    classification: trimmed(clas_cta),
    name: trimmed(nome_cta),
    type: trimmed(tipo_cta),
  }),
  customer: ({ codi_cli, cgce_cli, nome_cli, codi_cta }) => toParty(codi_cli, cgce_cli, nome_cli, codi_cta),
  supplier: ({ codi_for, cgce_for, nome_for, codi_cta }) => toParty(codi_for, cgce_for, nome_for, codi_cta),
  accumulator: ({ codi_acu, nome_acu, descricao_acu }) => ({
    code: trimmed(codi_acu),
    name: trimmed(nome_acu),
    description: trimmed(descricao_acu),
  }),
};

function toParty(
  code: string | null,
  document: string | null,
  name: string | null,
  account: string | null,
): PartyRow {
  return {
    code: trimmed(code),
    document: trimmed(document),
    name: trimmed(name),
    account: trimmed(account) || undefined,
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

/** Fixed-length columns come padded with blanks; U+0000 and halves of characters are nothing that Postgres could hold. */
const trimmed = (value: string | null) => value?.replaceAll("\0", "").toWellFormed().trim() ?? "";
