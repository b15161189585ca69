/** Who is measured: what each needs, and how its tasks are put there, run and looked after. */
import type { Database, PostgresServer } from "../bed/postgres-server.ts";

/** Where contenders keep their tasks. */
export interface Servers {
  readonly postgres: PostgresServer;
  /** Of the run; removed at its end. */
  readonly folder: string;
}

/** Tasks that are there before a measure begins. Task numbers 0 to `queued` - 1 are those that run. */
export interface Backlog {
  queued: number;
  /** Not due before tomorrow. */
  future?: number;
  /** Run already, where the contender keeps such. */
  finished?: number;
}

/** Disposing takes it away with all that it holds. */
export interface Bed extends AsyncDisposable {
  /** Told to workers and callers alike: where the tasks are. */
  readonly env: Record<string, string>;
  /** Undefined where it is no Postgres. */
  readonly database?: Database;
  /** Once, before any worker runs. Leaves the tables as a vacuum of their own would. */
  fill(backlog: Backlog): Promise<void>;
  /** More due tasks, numbered from 0 again, while workers run. */
  add(count: number): Promise<void>;
  /** How many of the first `queued` tasks are not durably finished. */
  countUnfinished(queued: number): Promise<number>;
}

export interface WorkerOptions {
  /** A port for its HTTP server, where it has one. */
  port: number;
  /** A queue that holds none of the tasks: the worker has nothing to do. */
  elsewhere?: boolean;
}

export interface Contender {
  /** As on the command line. */
  readonly name: string;
  /** As in the tables. */
  readonly title: string;
  /** An empty one. */
  open(servers: Servers): Promise<Bed>;
  workerCommand(options: WorkerOptions): string[];
  /** How its tasks are enqueued, one of `peers/callers.mjs`. */
  readonly caller: string;
}

/** As JSON 200 bytes, and a little less for small `i`; of the tasks that are put there by SQL, too. */
export const payloadPad = "x".repeat(180);
/** Of task number `i`, in SQL. */
export const payloadSql = `json_build_object('i', i, 'pad', '${payloadPad}')`;

export interface PostgresBedSql {
  /** Statements over generate_series that store `$1` tasks each. */
  queued: string;
  future: string;
  /** Absent where finished tasks are not kept. */
  finished?: string;
  /** Of tasks by their first `$1` ids or otherwise; one row, `count`. */
  unfinished: string;
  tables: string[];
}

/** A database of its own with `env` for its processes. */
export function postgresBed(
  database: Database,
  statements: PostgresBedSql,
  extra: Record<string, string> = {},
): Bed {
  const { sql } = database;
  return {
    env: { DATABASE_URL: database.url, ...extra },
    database,
    async fill({ queued, future = 0, finished = 0 }) {
      if (finished > 0 && statements.finished !== undefined)
        await sql.unsafe(statements.finished, [finished]);
      if (queued > 0) await sql.unsafe(statements.queued, [queued]);
      if (future > 0) await sql.unsafe(statements.future, [future]);
      for (const table of statements.tables) await sql.unsafe(`vacuum (analyze) ${table}`);
    },
    async add(count) {
      await sql.unsafe(statements.queued, [count]);
    },
    async countUnfinished(queued) {
      const [row] = await sql.unsafe<{ count: string }[]>(statements.unfinished, [queued]);
      return Number(row?.count);
    },
    [Symbol.asyncDispose]: () => database.drop(),
  };
}
