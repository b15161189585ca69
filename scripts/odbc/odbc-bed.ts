/**
 * What the ODBC tests run on: both databases filled, connection strings to them, and the process that reads, which is the
 * executable in the Debian root while the test itself, its parent, stays outside.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { ReaderCommand } from "../../src/sources/odbc/reader-process.ts";
import { finished } from "../../test/finished.ts";
import { createDatabase, type TestDatabase } from "../../test/postgres.ts";
import { enterRoot } from "../debian/root.ts";
import { fillPostgres, fillSqlite, reader } from "./accounting-tables.ts";
import { EXECUTABLE, installExecutable, layOdbcRoot } from "./odbc-root.ts";

export interface OdbcBed {
  readonly database: TestDatabase;
  readonly postgres: string;
  readonly sqlite: string;
  readonly command: ReaderCommand;
  /** `postgres` with other values for some of its keys. */
  postgresBut(values: Record<string, string>): string;
  /** Runs the executable in the root to its end. */
  execute(
    words: string[],
    env?: Record<string, string>,
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  close(): Promise<void>;
}

/** Drivers take their texts in the locale's encoding where they don't speak Unicode themselves. */
const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };

export async function layBed(): Promise<OdbcBed> {
  const root = await layOdbcRoot(() => {});
  installExecutable(root);
  const folder = mkdtempSync(join(root, "tmp/fiscaut-tasks-odbc-"));
  const database = await createDatabase();
  await fillPostgres(database.store);
  await fillSqlite(join(folder, "dominio.sqlite"));
  const { hostname, port, pathname } = new URL(database.url);
  const keys = {
    DRIVER: "{PostgreSQL Unicode}",
    Server: hostname,
    Port: port,
    Database: pathname.slice(1),
    UID: reader.user,
    PWD: `{${reader.password}}`,
    // Else this driver takes the whole of a result into its memory.
    UseDeclareFetch: "1",
  };
  const postgresBut = (values: Record<string, string>) =>
    Object.entries({ ...keys, ...values })
      .map(([key, value]) => `${key}=${value}`)
      .join(";");
  return {
    database,
    postgres: postgresBut({}),
    sqlite: `DRIVER={SQLite3};Database=/tmp/${basename(folder)}/dominio.sqlite`,
    command: { words: enterRoot(root, [EXECUTABLE, "odbc-reader"]), environment },
    postgresBut,
    async execute(words, env = {}) {
      const child = Bun.spawn(enterRoot(root, [EXECUTABLE, ...words]), {
        env: { ...environment, ...env },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
      return await finished(child);
    },
    async close() {
      rmSync(folder, { recursive: true, force: true });
      // PostgreSQL's driver leaves one a process.
      for (const log of new Bun.Glob("psqlodbc_*.log").scanSync({ cwd: join(root, "tmp"), absolute: true }))
        rmSync(log, { force: true });
      const { sql } = database.store;
      await sql.unsafe(
        `drop schema bethadba cascade; drop owned by ${reader.user}; drop role ${reader.user}`,
      );
      await database.drop();
    },
  };
}

export interface ReaderProcess {
  pid: number;
  /** What every user of the machine, or the same account, can see of it. */
  commandLine: string;
  environment: string;
  /** The most memory it has had so far. */
  peakBytes: number;
}

/** The processes that read for this one. The commands that enter the root become them, with the same pid. */
export function findReaders(): ReaderProcess[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const file = (of: string) => readFileSync(`/proc/${name}/${of}`, "utf8");
      const status = file("status");
      const commandLine = file("cmdline").replaceAll("\0", " ");
      if (!status.includes(`PPid:\t${process.pid}\n`) || !commandLine.includes("odbc-reader")) return [];
      const peakBytes = 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
      return [{ pid: Number(name), commandLine, environment: file("environ"), peakBytes }];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}
