/** What the tests of the embedded Postgres share: folders, a ready cluster to copy, processes that hold it. */
import { afterAll } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { buildExecutable } from "../../../scripts/build/executable.ts";
import { buildPostgresArchive } from "../../../scripts/build/postgres-archive.ts";
import { hostTarget } from "../../../scripts/build/targets.ts";
import {
  type EmbeddedPostgres,
  openEmbeddedPostgres,
} from "../../../src/store/embedded/embedded-postgres.ts";
import { readPidFile } from "../../../src/store/embedded/pid-file.ts";
import { until } from "../../until.ts";

/** What a holder tells: where it holds the server, what it does, or why it could not. */
export interface Told {
  readonly url: string;
  readonly startedHere: boolean;
  readonly step: string;
  readonly closed: boolean;
  readonly kind: string;
  readonly message: string;
  readonly hint: string;
}

export const isRoot = process.getuid?.() === 0;
/** An ordinary user that every Linux has, for tests that run as root. */
export const NOBODY = 65534;

/** What one test file makes. After it, whatever is still open is closed, then all folders are removed. */
export function makeWorkplace() {
  const made: string[] = [];
  const holders: Holder[] = [];
  const opened: EmbeddedPostgres[] = [];
  let template: Promise<string> | undefined;
  let executable: Promise<string> | undefined;

  afterAll(async () => {
    await Promise.all(opened.map((each) => each.close()));
    for (const holder of holders) await holder.kill();
    for (const path of made) await rm(path, { recursive: true, force: true });
  }, 60_000);

  /** A new empty folder that any user may enter. */
  async function newDirectory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), "fiscaut-tasks-embedded-"));
    made.push(path);
    await chmod(path, 0o755);
    return path;
  }

  async function makeTemplate(): Promise<string> {
    await buildPostgresArchive(hostTarget());
    const dataDir = join(await newDirectory(), "data");
    await (await openEmbeddedPostgres({ dataDir })).close();
    return dataDir;
  }

  async function compileHolder(): Promise<string> {
    await buildPostgresArchive(hostTarget());
    const path = join(await newDirectory(), "holder");
    await buildExecutable(hostTarget(), { entry: join(import.meta.dir, "holder.ts"), path });
    return path;
  }

  return {
    newDirectory,
    async open(dataDir: string, onStep?: (step: string) => void): Promise<EmbeddedPostgres> {
      await buildPostgresArchive(hostTarget());
      const each = await openEmbeddedPostgres(onStep === undefined ? { dataDir } : { dataDir, onStep });
      opened.push(each);
      return each;
    },
    /** A data folder with programs and a database, stopped: a copy, made faster than a new one. */
    async readyDataDir(): Promise<string> {
      template ??= makeTemplate();
      const dataDir = join(await newDirectory(), "data");
      await Bun.$`cp -a ${await template} ${dataDir}`;
      return dataDir;
    },
    /** The compiled holder: runs for any user, wherever the sources are. */
    holderPath: () => (executable ??= compileHolder()),
    /** Starts a process that opens `dataDir`. */
    async hold(
      dataDir: string,
      options: { uid?: number; env?: Record<string, string> } = {},
    ): Promise<Holder> {
      executable ??= compileHolder();
      const holder = new Holder([await executable, dataDir], options);
      holders.push(holder);
      return holder;
    },
  };
}

/** A process that holds the server of a data folder. */
export class Holder {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<Partial<Told>>;

  constructor(command: string[], options: { uid?: number; env?: Record<string, string> } = {}) {
    const { uid, env = {} } = options;
    this.#child = Bun.spawn(command, {
      ...(uid === undefined ? {} : { uid, gid: uid }),
      cwd: "/",
      env,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#lines = linesOf(this.#child.stdout);
  }

  /** What it tells next that is not a step: that it holds the server, or why it can't. */
  async outcome(): Promise<Partial<Told>> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error("the holder ended without a word");
      if (value.step === undefined) return value;
    }
  }

  /** Lets it close the server and waits until it has. */
  async close(): Promise<Partial<Told>> {
    this.#child.stdin.end();
    const told = await this.outcome();
    await this.#child.exited;
    return told;
  }

  /** Ends it as a crash would, with no chance to close. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

/** The JSON lines of a holder. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Partial<Told>, undefined> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}

/** Runs statements over one connection to `url`. */
export async function withConnection<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 5 });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Whether the server at `url` lets us in and answers. */
export async function answers(url: string): Promise<boolean> {
  return withConnection(url, async (sql) => (await sql`select 1`).length === 1);
}

/** The pid of the server of `dataDir`; undefined when none left its file. */
export async function serverPid(dataDir: string): Promise<number | undefined> {
  return (await readPidFile(join(dataDir, "database")))?.pid;
}

/** Ends a server as a power cut would: at once, with its pid file left behind, and waits until it is gone. */
export async function killServer(dataDir: string): Promise<void> {
  const pid = await serverPid(dataDir);
  if (pid === undefined) throw new Error(`no server runs in ${dataDir}`);
  process.kill(pid, "SIGKILL");
  await until(
    async () =>
      !(await Bun.file(`/proc/${pid}/cmdline`)
        .text()
        .catch(() => "")),
  );
}
