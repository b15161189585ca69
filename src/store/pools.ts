/**
 * Opens the driver's pools: what each kind of connection sets, and how long it waits. Which of them there are, and when,
 * is `connection.ts`'s affair.
 */
import postgres from "postgres";
import type { Sql } from "./sql.ts";

const int8 = { to: 20, from: [20], serialize: String, parse: Number };

/**
 * The types of which arrays are told or read here, each with its array's, by their oids, which Postgres never changes (its
 * `pg_type.dat`). The driver else asks for them over each connection before all else, which takes Postgres 7 to 29 ms. Arrays of
 * instants are Drizzle's affair.
 */
const arrayTypes = [
  [20, 1016], // bigint
  [23, 1007], // integer
  [25, 1009], // text
  [27, 1010], // tid
  [701, 1022], // double precision
  [3802, 3807], // jsonb
] as const;

export interface PoolOptions {
  url: string;
  /** Seen in pg_stat_activity. */
  applicationName: string;
  maxConnections: number;
  /** The server ends a statement that takes longer. */
  statementMs: number;
  /** A pooler stands between: connections have no state, neither settings nor prepared statements. */
  pooled: boolean;
  /** A statement is planned once a connection, not for each time's parameters. Default: as Postgres sees fit. */
  plansOnce?: boolean;
  onNotify?: ((channel: string, message: string) => void) | undefined;
  onClose?: (() => void) | undefined;
}

/** How much longer than a statement may take its answer is waited for, at most; then the connection counts as dead. */
const graceMs = 5_000;

/** Opens no connection yet: the first query does. */
export function openPool(options: PoolOptions): Sql {
  const { maxConnections, statementMs, pooled, plansOnce, onNotify, onClose } = options;
  return postgres(options.url, {
    max: maxConnections,
    connect_timeout: 10,
    // Seconds. The server's own limit is of no use where it has vanished without a word.
    answer_timeout: (statementMs + Math.min(statementMs, graceMs)) / 1000,
    // Seconds. The driver's own goes up to 20, and a database that is back would wait for as long.
    backoff: (attempts) => Math.min(0.05 * 2 ** attempts, 1),
    types: { int8 },
    fetch_types: false,
    array_types: arrayTypes,
    onnotice: () => {},
    ...(onNotify && { onnotify: onNotify, max_lifetime: null }),
    ...(onClose && { onclose: onClose }),
    prepare: !pooled,
    connection: {
      application_name: options.applicationName,
      TimeZone: "UTC",
      // A pooler refuses these. Nothing is prepared behind one, so each plan is of its moment.
      ...(!pooled && {
        // A plan is made once a connection, often while the tables are still empty: a sequential scan chosen then
        // would stay when there are a million rows.
        enable_seqscan: "off",
        // Before 18 the above makes the only plan of a small table look dear enough to compile: 0.3 to 0.6 s each time
        // that a connection asks first.
        jit: "off",
        statement_timeout: statementMs,
        ...(plansOnce && { plan_cache_mode: "force_generic_plan" }),
      }),
    } as Partial<postgres.ConnectionParameters>,
  });
}

/**
 * Whether what answers at the first contact is a pooler such as PgBouncer: it refuses settings at log-in, or has told
 * another process id than the server's own, since it lends its clients one server connection or another.
 * @throws the driver's error when the database can't be reached.
 */
export async function isPooled(sql: Sql): Promise<boolean> {
  try {
    const answer = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    return answer.state.pid !== answer[0]?.pid;
  } catch (error) {
    if (error instanceof postgres.PostgresError && /unsupported startup parameter/.test(error.message))
      return true;
    throw error;
  }
}
