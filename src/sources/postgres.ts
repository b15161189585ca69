/**
 * A Postgres that holds the Domínio tables, in schema `bethadba` or on the search path. Read by cursors in read-only
 * transactions, on one connection a call. Saying what went wrong is left to `postgres-faults.ts`.
 */
import postgres from "postgres";
import {
  type Dialect,
  type DominioQuery,
  type DominioTable,
  dominioOwner,
  dominioQueries,
  qualify,
} from "./dominio.ts";
import { type DominioReader, openDominioSource } from "./dominio-source.ts";
import { explainPostgresFault, readPostgresUrl } from "./postgres-faults.ts";
import type { Source } from "./source.ts";

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
  return openDominioSource({
    address: `postgres://${place}`,
    companyPlace: `geempre at ${place}`,
    explain: (error) => explainPostgresFault(error, place),
    async open() {
      const connection = new Connection(url, limits);
      try {
        await connection.begin();
        return connection;
      } catch (error) {
        await connection.end();
        throw error;
      }
    },
  });
}

/** One connection with one transaction, made for one call of a source. */
class Connection implements DominioReader {
  readonly #sql: postgres.Sql;
  readonly #timeoutMs: number;
  readonly driver = "Postgres";
  dbms = "";
  dialect: Dialect = { marker: "$1", owner: undefined };

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
    this.dbms = `PostgreSQL ${version ?? ""}`;
    this.dialect = { ...this.dialect, owner: owner ?? undefined };
  }

  async *query({ text, parameters }: DominioQuery): AsyncGenerator<(string | null)[]> {
    await this.#ask(`declare source no scroll cursor for ${text}`, parameters);
    for (;;) {
      const rows = await this.#ask(`fetch ${fetchedRows} from source`);
      yield* rows;
      if (rows.length < fetchedRows) break;
    }
    await this.#ask("close source");
  }

  /** Null where the table is not there; fails where a column is not. */
  async count(table: DominioTable): Promise<number | null> {
    const [[found] = []] = await this.#ask("select to_regclass($1)::text", [
      qualify(this.dialect.owner, table),
    ]);
    if (found === null || found === undefined) return null;
    const { company, suppliers, count } = dominioQueries(this.dialect);
    const sample = table === "geempre" ? company(0) : suppliers(0);
    await this.#ask(sample.text, sample.parameters);
    const [[rows] = []] = await this.#ask(count(table).text);
    return Number(rows);
  }

  /** Ends the transaction with the connection. Never throws: what went wrong has been told. */
  async end(): Promise<void> {
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
