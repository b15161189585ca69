/**
 * A source over a database that holds the Domínio tables, whatever reads it. Connecting, fetching and the words for
 * what goes wrong are left to the file of each kind.
 */
import type { RecordKind } from "../task/sync/record.ts";
import type { RowOf } from "../task/sync/row.ts";
import {
  type Dialect,
  type DominioQuery,
  type DominioTable,
  dominioQueries,
  dominioTableNames,
  dominioTables,
  qualify,
  recordTables,
  type TableValues,
  toCompany,
  toRow,
} from "./dominio.ts";
import type { Company, Source, SourceReader, SourceReport } from "./source.ts";

/** A connection to the tables. Its faults are the driver's own. */
export interface DominioConnection {
  readonly driver: string;
  readonly dbms: string;
  readonly dialect: Dialect;
  /**
   * The rows of one query, each with its columns in the query's order; null for NULL. One query at a time; one that is
   * left early, or has failed, is no hindrance to the next.
   */
  query(query: DominioQuery): AsyncIterable<readonly (string | null)[]>;
  /** Never throws: what went wrong has been told. */
  end(): Promise<void>;
}

export interface DominioDatabase {
  /** As `Source` has it. */
  readonly address: string;
  /** Where a company's row stands, for its fault. */
  readonly companyPlace: string;
  /** Leaves nothing open when it throws. */
  open(): Promise<DominioConnection>;
  /** Whether a fault of a query tells that its table is not there. */
  isMissingTable(error: unknown): boolean;
  /** Any fault of the connection's in the operator's words, with the table that was read, if one was. */
  explain(error: unknown, table?: string): unknown;
}

export function openDominioSource(database: DominioDatabase): Source {
  return {
    address: database.address,
    async open() {
      try {
        return new DominioReader(database, await database.open());
      } catch (error) {
        throw database.explain(error);
      }
    },
  };
}

class DominioReader implements SourceReader {
  readonly #database: DominioDatabase;
  readonly #connection: DominioConnection;
  readonly #queries: ReturnType<typeof dominioQueries>;
  #isReading = false;

  constructor(database: DominioDatabase, connection: DominioConnection) {
    this.#database = database;
    this.#connection = connection;
    this.#queries = dominioQueries(connection.dialect);
  }

  async *companies(): AsyncGenerator<Company> {
    const { companyPlace } = this.#database;
    for await (const values of this.#read("geempre", this.#queries.companies()))
      yield toCompany(values, companyPlace);
  }

  async company(code: number): Promise<Company | undefined> {
    const { companyPlace } = this.#database;
    for await (const values of this.#read("geempre", this.#queries.company(code)))
      return toCompany(values, companyPlace);
    return undefined;
  }

  async *records<Kind extends RecordKind>(kind: Kind, companyCode: number): AsyncGenerator<RowOf<Kind>> {
    for await (const values of this.#read(recordTables[kind], this.#queries.records(kind, companyCode)))
      yield toRow(kind, values);
  }

  async test(): Promise<SourceReport> {
    const { driver, dbms } = this.#connection;
    const tables: SourceReport["tables"] = [];
    for (const table of dominioTableNames)
      tables.push({ name: this.#nameOf(table), rows: await this.#countRows(table) });
    return { driver, dbms, tables };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection.end();
  }

  async *#read<Table extends DominioTable>(
    table: Table,
    query: DominioQuery,
  ): AsyncGenerator<TableValues<Table>> {
    const columns = dominioTables[table];
    try {
      for await (const row of this.#query(query)) {
        const pairs = columns.map((column, at) => [column, row[at] ?? null]);
        yield Object.fromEntries(pairs) as TableValues<Table>;
      }
    } catch (error) {
      throw this.#database.explain(error, this.#nameOf(table));
    }
  }

  /** Null where the table is not there; fails where a column is not. */
  async #countRows(table: DominioTable): Promise<number | null> {
    try {
      const [[rows] = []] = await Array.fromAsync(this.#query(this.#queries.count(table)));
      await Array.fromAsync(this.#query(this.#queries.sample(table)));
      return Number(rows);
    } catch (error) {
      if (this.#database.isMissingTable(error)) return null;
      throw this.#database.explain(error, this.#nameOf(table));
    }
  }

  async *#query(query: DominioQuery): AsyncGenerator<readonly (string | null)[]> {
    if (this.#isReading) throw new Error("the source is being read: one call after another");
    this.#isReading = true;
    try {
      yield* this.#connection.query(query);
    } finally {
      this.#isReading = false;
    }
  }

  #nameOf(table: DominioTable): string {
    return qualify(this.#connection.dialect.owner, table);
  }
}
