/** The one Postgres of a run: the product's own, with its settings as shipped, in a temporary folder. */
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import postgres, { type Sql } from "postgres";
import { openEmbeddedPostgres } from "../../../src/store/embedded/embedded-postgres.ts";
import { readPidFile } from "../../../src/store/embedded/pid-file.ts";
import { spawnProgram } from "../../../src/store/embedded/program.ts";
import { cpuMsOfFamily } from "../measure/process-figures.ts";

export interface PostgresServer {
  /** Of the maintenance database. */
  readonly url: string;
  readonly version: string;
  /** A database of its own, as `prepare` left the first one that was made for `template`. */
  createDatabase(template: string, prepare: (url: string) => Promise<void>): Promise<Database>;
  /** What the server has used up since it started. */
  usage(): Promise<{ walBytes: number; cpuMs: number }>;
  /** Transactions that ended in a database, as far as its backends have told: they do so ten seconds late. */
  transactionsOf(database: string): Promise<number>;
  checkpoint(): Promise<void>;
  /** Starts it anew with room for so many connections, for a fleet: as shipped it has a hundred. */
  allowConnections(count: number): Promise<void>;
  close(): Promise<void>;
}

export interface Database {
  readonly name: string;
  readonly url: string;
  /** Up to four connections of the harness. */
  readonly sql: Sql;
  drop(): Promise<void>;
}

export async function startPostgres(folder: string): Promise<PostgresServer> {
  const dataDir = join(folder, "postgres");
  const server = await openEmbeddedPostgres({ dataDir });
  const database = join(dataDir, "database");
  let pid = await pidOnceReady(database);
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  const [version] = await admin<{ server_version: string }[]>`show server_version`;
  const templates = new Map<string, Promise<void>>();
  let made = 0;

  const urlOf = (name: string) => Object.assign(new URL(server.url), { pathname: name }).href;
  async function makeTemplate(name: string, prepare: (url: string) => Promise<void>): Promise<void> {
    await admin.unsafe(`create database ${name}`);
    await prepare(urlOf(name));
  }

  return {
    url: server.url,
    version: version?.server_version ?? "",
    async createDatabase(template, prepare) {
      const from = `template_${template.replaceAll("-", "_")}`;
      const ready = templates.get(from) ?? makeTemplate(from, prepare);
      templates.set(from, ready);
      await ready;
      made += 1;
      const name = `bench_${made}`;
      await admin.unsafe(`create database ${name} template ${from}`);
      const sql = postgres(urlOf(name), {
        max: 4,
        onnotice: () => {},
        connection: { application_name: "bench" },
      });
      return {
        name,
        url: urlOf(name),
        sql,
        async drop() {
          await sql.end({ timeout: 5 });
          await admin.unsafe(`drop database ${name} with (force)`);
        },
      };
    },
    async usage() {
      const [row] = await admin<{ bytes: string }[]>`select pg_current_wal_insert_lsn() - '0/0' as bytes`;
      return { walBytes: Number(row?.bytes), cpuMs: cpuMsOfFamily(pid) };
    },
    async transactionsOf(database) {
      const [row] = await admin<{ count: string }[]>`
        select xact_commit + xact_rollback as count from pg_stat_database where datname = ${database}`;
      return Number(row?.count);
    },
    async checkpoint() {
      await admin`checkpoint`;
    },
    async allowConnections(count) {
      const [program = "", ...words] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
      const { uid, gid } = statSync(`/proc/${pid}`);
      process.kill(pid, "SIGINT");
      await until(async () => (await readPidFile(database)) === undefined);
      spawnProgram(
        {
          binaries: dirname(dirname(program)),
          name: "postgres",
          arguments: [...words, "-c", `max_connections=${count}`],
          cwd: database,
          account: { name: "", uid, gid },
        },
        "ignore",
      ).unref();
      pid = await pidOnceReady(database);
    },
    async close() {
      await admin.end({ timeout: 5 });
      await server.close();
    },
  };
}

async function pidOnceReady(database: string): Promise<number> {
  await until(async () => (await readPidFile(database))?.status === "ready");
  return (await readPidFile(database))?.pid ?? Number.NaN;
}

const limitMs = 30_000;

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + limitMs; !(await isSo()); await Bun.sleep(50))
    if (performance.now() > deadline) throw new Error("Postgres did not stop or start in time");
}

/** A session keeps what it sees now from being vacuumed, until that is disposed of. */
export async function holdSnapshot({ sql }: Database): Promise<AsyncDisposable> {
  const session = await sql.reserve();
  await session`begin isolation level repeatable read`;
  await session`select 1`;
  return {
    async [Symbol.asyncDispose]() {
      await session`rollback`;
      session.release();
    },
  };
}
