/** The one Postgres of a run: the product's own, with its settings as shipped, in a temporary folder. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import { openEmbeddedPostgres } from "../../../src/store/embedded/embedded-postgres.ts";
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
  let pid = readPid(dataDir);
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
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
      const { uid, gid } = statSync(`/proc/${pid}`);
      process.kill(pid, "SIGINT");
      await until(() => !isThere(pid));
      Bun.spawn([...command, "-c", `max_connections=${count}`], {
        uid,
        gid,
        stdio: ["ignore", "ignore", "ignore"],
      }).unref();
      await until(
        async () =>
          await admin`select`.then(
            () => true,
            () => false,
          ),
      );
      pid = readPid(dataDir);
    },
    async close() {
      await admin.end({ timeout: 5 });
      await server.close();
    },
  };
}

const readPid = (dataDir: string) =>
  Number(readFileSync(join(dataDir, "database/postmaster.pid"), "utf8").split("\n")[0]);

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const limitMs = 30_000;

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + limitMs; !(await isSo()); await Bun.sleep(50))
    if (performance.now() > deadline) throw new Error("Postgres was not started anew in time");
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
