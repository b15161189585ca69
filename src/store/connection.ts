/**
 * Opens the connection pool and says in words why a database can't be used. What is asked over it stands in
 * one file a verb beside this one.
 */
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { OperatorError } from "../task/errors.ts";
import type { DoorEvent } from "../task/events.ts";
import { type Announcer, createAnnouncer } from "./announce.ts";
import type { Sql } from "./sql.ts";

const int8 = { to: 20, from: [20], serialize: String, parse: Number };

export interface Store {
  /** For the hot verbs: tagged SQL, prepared once a connection. Instants arrive as text, see `instant`. */
  readonly sql: Sql;
  /** For all that is not hot. */
  readonly db: PostgresJsDatabase;
  readonly announcer: Announcer;
  /** Told of what is done through this store. Set once, by whoever opens it; nobody listens otherwise. */
  onEvent: (event: DoorEvent) => void;
  close(): Promise<void>;
}

export interface StoreOptions {
  url: string;
  /** Seen in pg_stat_activity. */
  applicationName: string;
  maxConnections: number;
}

/** Opens no connection yet: the first query does. */
export function openStore(options: StoreOptions): Store {
  const sql = postgres(options.url, {
    max: options.maxConnections,
    connect_timeout: 10,
    // Seconds. The driver's own goes up to 20, and a database that is back would wait for as long.
    backoff: (attempts) => Math.min(0.05 * 2 ** attempts, 1),
    types: { int8 },
    onnotice: () => {},
    connection: {
      application_name: options.applicationName,
      // A plan is made once a connection, often while the tables are still empty: a sequential scan chosen then
      // would stay when there are a million rows.
      enable_seqscan: "off",
      // No statement of ours takes seconds, but for those that migrate.
      statement_timeout: 30_000,
      TimeZone: "UTC",
    } as Partial<postgres.ConnectionParameters>,
  });
  const announcer = createAnnouncer(sql);
  return {
    sql,
    db: drizzle(sql),
    announcer,
    onEvent: () => {},
    async close() {
      await announcer.flush();
      await sql.end({ timeout: 5 });
    },
  };
}

/** An instant as it arrives in tagged SQL: Drizzle has switched the driver's own parsing off. */
export function instant(text: string): Date;
export function instant(text: string | null): Date | null;
export function instant(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

const unavailableCodes =
  /^(08...|57P0[1-5]|53300|25006|ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|CONNECT\w+)$/;

/** The database can't be reached or doesn't serve now: back off and try again. */
export function isUnavailable(error: unknown): boolean {
  return unavailableCodes.test(codeOf(error) ?? "");
}

/** SQLSTATE or the system's error code. */
export function codeOf(error: unknown): string | undefined {
  // Drizzle wraps the driver's error.
  for (let e = error; e instanceof Error; e = e.cause)
    if ("code" in e && typeof e.code === "string") return e.code;
  return undefined;
}

const refusals: Record<string, string> = {
  "28P01": "the password is wrong",
  "28000": "the user may not log in",
  "3D000": "the database does not exist",
  "42501": "the user lacks a privilege",
};

/** Turns a driver's error into the operator's words, or hands it back as it is. The URL is never shown whole. */
export function explainStoreError(error: unknown, url: string): unknown {
  const code = codeOf(error);
  if (code === undefined || error instanceof OperatorError) return error;
  const where = describeDatabase(url);
  if (isUnavailable(error))
    return new OperatorError("unavailable", `the database at ${where} can't be reached (${code})`, {
      hint: "start it, or correct DATABASE_URL",
      cause: error,
    });
  const refusal = refusals[code];
  if (refusal === undefined) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new OperatorError("config", `the database at ${where} refused: ${refusal} (${message})`, {
    hint: "correct DATABASE_URL or the user's rights",
    cause: error,
  });
}

/** `host:port/name`, without user and password. */
export function describeDatabase(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? "(unreadable URL)" : `${parsed.hostname}:${parsed.port || 5432}${parsed.pathname}`;
}
