/**
 * A Postgres that holds the Domínio tables, in schema `bethadba` or on the search path. Read by cursors, each in a
 * read-only transaction of its own, on one connection. Saying what went wrong is left to `postgres-faults.ts`.
 */
import postgres from "postgres";
import { type Dialect, type DominioQuery, dominioOwner, dominioTableNames } from "./dominio.ts";
import { type DominioConnection, openDominioSource } from "./dominio-source.ts";
import { explainPostgresFault, isMissingTable, isUnreachable, readPostgresUrl } from "./postgres-faults.ts";
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
    isMissingTable,
    explain: (error, table) => explainPostgresFault(error, place, table),
    async open() {
      const connection = new Connection(url, limits);
      try {
        await connection.lookAround();
        return connection;
      } catch (error) {
        await connection.end();
        throw error;
      }
    },
  });
}

class Connection implements DominioConnection {
  readonly #sql: postgres.Sql;
  readonly #timeoutMs: number;
  readonly driver = "Postgres";
  /**
   * Once the connection is lost it is not used on: the driver would go on with another, which knows nothing of the
   * transaction, and a query that meets the end of a session may never be answered.
   */
  #loss: unknown;
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

  /** To be called first: finds what the queries are to name. */
  async lookAround(): Promise<void> {
    await this.#begin();
    const [[version, owner] = []] = await this.#ask(
      "select current_setting('server_version'), (select nspname from pg_namespace where nspname = $1)",
      [dominioOwner],
    );
    this.dbms = `PostgreSQL ${version ?? ""}`;
    const schema = owner ?? undefined;
    const columns = await this.#findColumns(schema);
    this.dialect = {
      marker: "$1",
      owner: schema,
      writeColumn: (table, column) => columns.get(`${table}.${column}`) ?? column,
    };
    await this.#ask("rollback");
  }

  async *query({ text, parameters }: DominioQuery): AsyncGenerator<(string | null)[]> {
    await this.#begin();
    try {
      await this.#ask(`declare source no scroll cursor for ${text}`, parameters);
      for (;;) {
        const rows = await this.#ask(`fetch ${fetchedRows} from source`);
        yield* rows;
        if (rows.length < fetchedRows) break;
      }
    } finally {
      if (this.#loss === undefined) await this.#ask("rollback");
    }
  }

  async end(): Promise<void> {
    await this.#sql.end({ timeout: 1 }).catch(() => {});
  }

  /**
   * Nothing can be written, whatever the user may do. A transaction a query: one that is as old as the connection would
   * give rows that are older than their reading. Its settings are its own: poolers refuse them at log-in.
   */
  async #begin(): Promise<void> {
    await this.#ask(`begin read only; set local statement_timeout = ${this.#timeoutMs}`);
  }

  /** A copy of the tables may have kept the case that Domínio writes some columns in: then they have to be quoted. */
  async #findColumns(schema: string | undefined): Promise<Map<string, string>> {
    const prefix = schema === undefined ? "" : `${schema}.`;
    const found = await this.#ask(
      `select t.name, quote_ident(attname), lower(attname)
       from string_to_array($1, ',') as names, unnest(names) as t (name)
       join pg_attribute on attrelid = to_regclass($2 || t.name)
       where attnum > 0 and not attisdropped
       order by attname = lower(attname)`,
      [dominioTableNames.join(","), prefix],
    );
    return new Map(found.map(([table, written, column]) => [`${table}.${column}`, written ?? ""]));
  }

  async #ask(text: string, parameters: readonly (string | number)[] = []): Promise<(string | null)[][]> {
    if (this.#loss !== undefined) throw this.#loss;
    // A server that has vanished without a word ends no statement: this rejects the one that waits.
    const silence = setTimeout(
      () => void this.#sql.end({ timeout: 0 }).catch(() => {}),
      this.#timeoutMs + graceMs,
    );
    try {
      return await this.#sql.unsafe(text, [...parameters]).values();
    } catch (error) {
      if (isUnreachable(error)) this.#loss = error;
      throw error;
    } finally {
      clearTimeout(silence);
    }
  }
}
