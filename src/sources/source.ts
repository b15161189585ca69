/**
 * Where accounting records come from, whatever holds them. What the codes and documents are worth is left to
 * `fiscaut/`; how one place is read, to the file of its kind.
 */

/** A company of the accounting office; `document` as it stands in the source, blanks around it removed. */
export interface Company {
  code: number;
  document: string;
  name: string;
}

/**
 * A supplier as the source has it: every value without the blanks around it, "" where there is none.
 * `code` is text: it may hold letters and leading zeros. `account` is undefined where the source has none.
 */
export interface SupplierRow {
  code: string;
  document: string;
  name: string;
  account: string | undefined;
}

/** What `test` has found. */
export interface SourceReport {
  /** What reads: "CSV files", "Postgres", or the ODBC driver's name and version. */
  driver: string;
  /** What is read, with its version where it tells one: "PostgreSQL 16.4". */
  dbms: string;
  /** Every table that records are read from. `rows` is null where the table is not there. */
  tables: { name: string; rows: number | null }[];
}

/**
 * Read-only, and read anew at every call; nothing stays open between calls.
 * All throw OperatorError for a source that can't be read whole and without guessing: of kind "unavailable" where
 * trying again later may help. None of its words holds a password.
 */
export interface Source {
  /** For a person, and for `parseSource` where it holds no secret: `csv:/absolute/path`, `postgres://host/db`. */
  readonly address: string;
  /** In the source's order and in bounded memory. */
  companies(): AsyncIterable<Company>;
  /** Undefined when the source has no such company. */
  company(code: number): Promise<Company | undefined>;
  /**
   * The company's suppliers, in the source's order and in bounded memory. A fault may come after rows have been
   * given: enqueue them in one transaction, or let the fault stop the whole. Ending the iteration early frees what it
   * holds.
   */
  suppliers(companyCode: number): AsyncIterable<SupplierRow>;
  /** Opens the source and looks at every table. A table that is not there is no error but part of the report. */
  test(): Promise<SourceReport>;
}
