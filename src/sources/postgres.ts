/**
 * A Postgres that holds the Domínio tables, in schema `bethadba` or on the search path. Read by cursors in read-only
 * transactions, on one connection a call. Saying what went wrong is left to `postgres-faults.ts`.
 */
import postgres from "postgres";
import {
  type companyColumns,
  type DominioQuery,
  type DominioTable,
  dominioOwner,
  dominioQueries,
  dominioTables,
  type RowValues,
  toCompany,
  toSupplier,
} from "./dominio.ts";
import { explainPostgresFault, readPostgresUrl } from "./postgres-faults.ts";
import type { Source, SourceReport } from "./source.ts";

/** Some 100 KB; a supplier has a hundred bytes. */
const fetchedRows = 1_000;

/** How much longer than the server's own limit an answer may take, until the server is given up. */
const graceMs = 10_000;

export interface PostgresLimits {
  /** The server ends a statement that takes longer; each fetch of some rows is one. */
  statementTimeoutMs: number;
}

/**
 * @param url with user and password, as libpq takes it; `?sslmode=` and `?search_path=` are obeyed.
 * @throws OperatorError of kind usage where it can't be read as a URL.
 */
export function openPostgresSource(
  url: string,
  limits: PostgresLimits = { statementTimeoutMs: 60_000 },
): Source {
  const place = readPostgresUrl(url);

  /** Nothing is read twice and nothing kept; leaving the rows early ends transaction and connection. */
  async function* read<Columns extends readonly string[], Row>(
    queryOf: (queries: Queries) => DominioQuery<Columns>,
    toRow: (values: RowValues<Columns>) => Row,
  ): AsyncGenerator<Row> {
    const connection = new Connection(url, limits);
    try {
      await connection.begin();
      for await (const values of connection.read(queryOf(connection.queries))) yield toRow(values);
    } catch (error) {
      throw explainPostgresFault(error, place);
    } finally {
      await connection.close();
    }
  }
  const readCompany = (values: RowValues<typeof companyColumns>) => toCompany(values, `geempre at ${place}`);

  return {
    address: `postgres://${place}`,

    companies: () => read((queries) => queries.companies(), readCompany),

    async company(code) {
      for await (const company of read((queries) => queries.company(code), readCompany)) return company;
      return undefined;
    },

    suppliers: (companyCode) => read((queries) => queries.suppliers(companyCode), toSupplier),

    async test() {
      const connection = new Connection(url, limits);
      try {
        await connection.begin();
        const tables: SourceReport["tables"] = [];
        for (const table of Object.keys(dominioTables) as DominioTable[])
          tables.push({ name: connection.nameOf(table), rows: await connection.count(table) });
        return { driver: "Postgres", dbms: `PostgreSQL ${connection.version}`, tables };
      } catch (error) {
        throw explainPostgresFault(error, place);
      } finally {
        await connection.close();
      }
    },
  };
}

type Queries = ReturnType<typeof dominioQueries>;

/** One connection with one transaction, made for one call of a source. */
class Connection {
  readonly #sql: postgres.Sql;
  readonly #timeoutMs: number;
  #owner: string | undefined;
  version = "";

  constructor(url: string, { statementTimeoutMs }: PostgresLimits) {
    this.#timeoutMs = statementTimeoutMs;
    this.#sql = postgres(url, {
      max: 1,
      connect_timeout: 10,
      // A pooler in front may not keep prepared statements, and the database's own types aren't read.
      prepare: false,
      fetch_types: false,
      onnotice: () => {},
      connection: { application_name: "fiscaut-tasks source" },
      // Numbers as the digits that the server sends.
      types: { digits: { to: 25, from: [20, 21, 23, 26, 700, 701, 1700], serialize: String, parse: String } },
    });
  }

  get queries(): Queries {
    return dominioQueries({ marker: "$1", owner: this.#owner });
  }

  /**
   * Nothing can be written, whatever the user may do, and all queries see the same moment. Settings are the
   * transaction's own: poolers refuse them at log-in.
   */
  async begin(): Promise<void> {
    await this.#ask("begin transaction isolation level repeatable read, read only");
    await this.#ask(`set local statement_timeout = ${this.#timeoutMs}`);
    const [[version, owner] = []] = await this.#ask(
      "select current_setting('server_version'), (select nspname from pg_namespace where nspname = $1)",
      [dominioOwner],
    );
    this.version = version ?? "";
    this.#owner = owner ?? undefined;
  }

  nameOf(table: DominioTable): string {
    return this.#owner === undefined ? table : `${this.#owner}.${table}`;
  }

  async *read<Columns extends readonly string[]>(
    query: DominioQuery<Columns>,
  ): AsyncGenerator<RowValues<Columns>> {
    await this.#ask(`declare source no scroll cursor for ${query.text}`, query.parameters);
    for (;;) {
      const rows = await this.#ask(`fetch ${fetchedRows} from source`);
      for (const row of rows)
        yield Object.fromEntries(
          query.columns.map((column, at) => [column, row[at] ?? null]),
        ) as RowValues<Columns>;
      if (rows.length < fetchedRows) break;
    }
    await this.#ask("close source");
  }

  /** Null where the table is not there; fails where a column is not. */
  async count(table: DominioTable): Promise<number | null> {
    const [[found] = []] = await this.#ask("select to_regclass($1)::text", [this.nameOf(table)]);
    if (found === null || found === undefined) return null;
    const { company, suppliers, count } = this.queries;
    const sample = table === "geempre" ? company(0) : suppliers(0);
    await this.#ask(sample.text, sample.parameters);
    const [[rows] = []] = await this.#ask(count(table).text);
    return Number(rows);
  }

  /** Ends the transaction with the connection. Never throws: what went wrong has been told. */
  async close(): Promise<void> {
    await this.#sql.end({ timeout: 1 }).catch(() => {});
  }

  async #ask(text: string, parameters: readonly (string | number)[] = []): Promise<(string | null)[][]> {
    // A server that has vanished without a word ends no statement: this rejects the one that waits.
    const silence = setTimeout(
      () => void this.#sql.end({ timeout: 0 }).catch(() => {}),
      this.#timeoutMs + graceMs,
    );
    try {
      return await this.#sql.unsafe(text, [...parameters]).values();
    } finally {
      clearTimeout(silence);
    }
  }
}
