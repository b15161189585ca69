/**
 * Where accounting records come from, whatever holds them. What the codes and documents are worth is left to
 * `fiscaut/`; how one place is read, to the file of its kind.
 */
import type { RecordKind } from "../task/sync/record.ts";
import type { RowOf } from "../task/sync/row.ts";

/** A company of the accounting office; `document` as it stands in the source, blanks around it removed. */
export interface Company {
  code: number;
  document: string;
  name: string;
}

/** What `test` has found. */
export interface SourceReport {
  /** What reads: "CSV files", "Postgres", or the ODBC driver's name and version. */
  driver: string;
  /** What is read, with its version where it tells one: "PostgreSQL 16.4". */
  dbms: string;
  /** The companies' first, then those of records. `rows` is null where the table is not there. */
  tables: { name: string; rows: number | null }[];
}

/** Read-only, and nothing is read or connected to before it is opened. */
export interface Source {
  /** For a person, and for `parseSource` where it holds no secret: `csv:/absolute/path`, `postgres://host/db`. */
  readonly address: string;
  /** @throws OperatorError as the reader; what was opened is ended then. */
  open(): Promise<SourceReader>;
}

/**
 * One connection to the source, for many calls, one after another: an iteration is read to its end, or left, before the
 * next call. Each call reads the source as it is then. Dispose it: that ends the connection, and never throws.
 *
 * All calls throw OperatorError for a source that can't be read whole and without guessing: of kind "unavailable" where
 * trying again later may help, with a reader opened anew. None of its words holds a password. After any other fault the
 * reader can be used on.
 */
export interface SourceReader extends AsyncDisposable {
  /** In the source's order and in bounded memory. */
  companies(): AsyncIterable<Company>;
  /** Undefined when the source has no such company. */
  company(code: number): Promise<Company | undefined>;
  /**
   * The company's records of one kind, in the source's order and in bounded memory. A fault may come after rows have
   * been given: let it stop the whole. Ending the iteration early frees what it holds.
   */
  records<Kind extends RecordKind>(kind: Kind, companyCode: number): AsyncIterable<RowOf<Kind>>;
  /** Looks at every table. One that is not there is no error but part of the report. */
  test(): Promise<SourceReport>;
}
