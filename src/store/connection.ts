/**
 * The store: its connections, and in words why a database can't be used. What is asked over it stands in one file a verb
 * beside this one, how a connection is made in `pools.ts`.
 */
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { OperatorError } from "../task/errors.ts";
import type { DoorEvent } from "../task/events.ts";
import { messageOf } from "../task/thrown.ts";
import { type Announcer, createAnnouncer } from "./announce.ts";
import { FlushOrder } from "./flush-order.ts";
import { isPooled, openPool, type PoolOptions } from "./pools.ts";
import type { Sql } from "./sql.ts";

export interface Store {
  /** Tagged SQL, prepared once a connection. Instants arrive as text, see `instant`. */
  readonly sql: Sql;
  /**
   * For what a busy worker asks many times a second: few connections, and plans that are made once. Instants are to be cast
   * to text there, else they arrive as the driver's, cut to the millisecond.
   */
  readonly hot: Sql;
  /** Of what is committed over `hot`; of no use behind a pooler, which has several connections for it. */
  readonly flushes: FlushOrder;
  /** For all that is not hot. */
  readonly db: PostgresJsDatabase;
  /** One connection that waits neither behind others nor long: for the heartbeat. */
  readonly urgent: Sql;
  readonly announcer: Announcer;
  /** A pooler stands between, as far as is known: nobody can be notified. */
  readonly pooled: boolean;
  /** Told of what is done through this store. Set once, by whoever opens it; nobody listens otherwise. */
  onEvent: (event: DoorEvent) => void;
  /**
   * The first contact: finds out whether a pooler stands between, and serves on either way. Called again it joins the one
   * that is under way, or was made.
   * @param toStay the hot connection is opened too.
   * @throws the driver's error when the database can't be reached.
   */
  connect(toStay?: boolean): Promise<void>;
  /** For statements that may take up to an hour: over a connection of its own. */
  patiently<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>;
  /** Connects anew, for what is asked from now on: the name may lead to another server than before. */
  reconnect(): void;
  /** Over a connection of its own. @throws the driver's error when it can't be had. */
  listen(channel: string, onMessage: (message: string) => void): Promise<Listener>;
  close(): Promise<void>;
}

export interface Listener {
  /** Makes sure that it still hears. @throws the driver's error: it does not, and is to be closed. */
  check(): Promise<void>;
  /** Resolves once it hears no more. */
  readonly lost: Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  url: string;
  /** Seen in pg_stat_activity. */
  applicationName: string;
  maxConnections: number;
  /** What `Store.pooled` of another store with this URL says. */
  pooled?: boolean;
}

/** No statement of ours takes seconds, but for those that are asked patiently. */
const statementMs = 30_000;
/** A fifth of the usual lease: a heartbeat that hangs is worth another one. */
const urgentStatementMs = 2_000;
const listenStatementMs = 5_000;
const patientStatementMs = 3_600_000;

/**
 * With one, claims and completions take turns: at once, two backends change the same pages, which costs more than it gains.
 * And `FlushOrder` is of one.
 */
export const hotConnections = 1;

/** Opens no connection yet: the first query does. */
export function openStore(options: StoreOptions): Store {
  const { url, applicationName, maxConnections } = options;
  let pooled = options.pooled ?? false;
  const patient = new Set<Sql>();
  const flushes = new FlushOrder();

  const open = (limits: Omit<PoolOptions, "url" | "applicationName" | "pooled">) =>
    openPool({ url, applicationName, pooled, ...limits });
  function openPools(): Pools {
    const sql = open({ maxConnections, statementMs });
    return {
      sql,
      hot: open({
        maxConnections: hotConnections,
        statementMs,
        plansOnce: true,
        onClose: () => flushes.connectionLost(),
      }),
      db: drizzle(sql),
      urgent: open({ maxConnections: 1, statementMs: urgentStatementMs }),
    };
  }
  let pools = openPools();
  /** The first contact, under way or made. */
  let contact: Promise<void> | undefined;
  const announcer = createAnnouncer(() => pools.sql);

  function reconnect(): void {
    const before = pools;
    pools = openPools();
    flushes.connectionLost();
    // What is under way may end; nobody waits for it.
    void endPools(before);
  }

  async function makeContact(toStay: boolean): Promise<void> {
    // Whatever is wrong with it is told where it is needed.
    const openHot = () => void pools.hot`select`.catch(() => {});
    if (toStay) openHot();
    if (pooled || !(await isPooled(pools.sql))) return;
    pooled = true;
    reconnect();
    if (toStay) openHot();
  }

  return {
    get sql() {
      return pools.sql;
    },
    get hot() {
      return pools.hot;
    },
    get db() {
      return pools.db;
    },
    get urgent() {
      return pools.urgent;
    },
    get pooled() {
      return pooled;
    },
    announcer,
    flushes,
    onEvent: () => {},
    connect(toStay = false) {
      contact ??= makeContact(toStay).catch((error: unknown) => {
        contact = undefined;
        throw error;
      });
      return contact;
    },
    reconnect,
    async patiently(work) {
      const sql = open({ maxConnections: 1, statementMs: patientStatementMs });
      patient.add(sql);
      try {
        return await work(sql);
      } finally {
        patient.delete(sql);
        await endPool(sql);
      }
    },
    async listen(channel, onMessage) {
      const { promise: lost, resolve } = Promise.withResolvers<void>();
      const sql = open({
        maxConnections: 1,
        statementMs: listenStatementMs,
        onNotify: (on, message) => on === channel && onMessage(message),
        onClose: resolve,
      });
      const close = () => sql.end({ timeout: 0 });
      // Again and again it changes nothing, but for a connection that is not what it was.
      const check = async () => {
        await sql`listen ${sql(channel)}`;
      };
      try {
        await check();
        return { check, lost, close };
      } catch (error) {
        await close();
        throw error;
      }
    },
    async close() {
      await announcer.flush();
      await Promise.all([endPools(pools), ...[...patient].map(endPool)]);
    },
  };
}

interface Pools {
  readonly sql: Sql;
  readonly hot: Sql;
  readonly db: PostgresJsDatabase;
  readonly urgent: Sql;
}

async function endPools({ sql, hot, urgent }: Pools): Promise<void> {
  await Promise.all([endPool(sql), endPool(hot), endPool(urgent)]);
}

/** What is under way may end within five seconds. */
const endPool = (sql: Sql) => sql.end({ timeout: 5 });

/** An instant as it arrives in tagged SQL: Drizzle has switched the driver's own parsing off. */
export function instant(text: string): Date;
export function instant(text: string | null): Date | null;
export function instant(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

/** read_only_sql_transaction. */
const readOnlyCode = "25006";
/** The driver's: a server that has vanished without a word. */
const silentCode = "ANSWER_TIMEOUT";

const unavailableCodes =
  /^(08...|57P0[1-5]|53300|25006|ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|CONNECT\w+|ANSWER_TIMEOUT)$/;

/** The database can't be reached or doesn't serve now: back off and try again. */
export function isUnavailable(error: unknown): boolean {
  return unavailableCodes.test(driverCodeOf(error) ?? "");
}

/** It answers, and lets nothing be written: a standby, most likely one that was the primary before. */
export const isReadOnly = (error: unknown) => driverCodeOf(error) === readOnlyCode;

export const readOnlyWords = "is read-only, as a standby is";

/** Why an unavailable database is so, as words that follow its name. */
export function unavailableWords(error: unknown): string {
  const code = driverCodeOf(error);
  if (code === readOnlyCode) return readOnlyWords;
  return code === silentCode ? "does not answer" : "can't be reached";
}

/** SQLSTATE or the system's error code. */
export function driverCodeOf(error: unknown): string | undefined {
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
  const code = driverCodeOf(error);
  if (code === undefined || error instanceof OperatorError) return error;
  const where = describeDatabase(url);
  if (isUnavailable(error))
    return new OperatorError("unavailable", `the database at ${where} ${unavailableWords(error)} (${code})`, {
      hint: isReadOnly(error)
        ? "promote it, or point DATABASE_URL at the primary"
        : "start it, or correct DATABASE_URL",
      cause: error,
    });
  const refusal = refusals[code];
  if (refusal === undefined) return error;
  const message = messageOf(error);
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
