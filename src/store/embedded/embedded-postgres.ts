/**
 * The database inside: opens, shares, revives and closes the Postgres that the executable carries.
 * The steps that lead to a running server are in `bring-up.ts`; what is stored in it is the rest of `store/`.
 */
import { resolve } from "node:path";
import { bringUp } from "./bring-up.ts";
import { claimDataDir, type DataDir } from "./data-dir.ts";
import { ProcessLock } from "./process-lock.ts";
import { stopServer } from "./server.ts";

/** A Postgres that this process may use until `close`. */
export interface EmbeddedPostgres {
  /** Where it listens, with its password: a secret. Another one after `ensureRunning` had to take another port. */
  readonly url: string;
  /** Whether `openEmbeddedPostgres` started the server; false when it found it running. */
  readonly startedHere: boolean;
  /**
   * Brings a server that died back and returns the url to connect to; some 20 ms when the server is well.
   * Safe to call from many places and processes at once.
   * @throws OperatorError as `openEmbeddedPostgres` does
   */
  ensureRunning(): Promise<string>;
  /** Gives the server up, and stops it when no other process uses it. Close the pools first. */
  close(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** A folder of our own, made when missing. One that holds anything else is refused untouched. */
  readonly dataDir: string;
  /** Told what is going on, in a few words fit for a log line: "unpacking Postgres 18.4". */
  readonly onStep?: (step: string) => void;
}

/**
 * Opens the Postgres kept in `dataDir`: unpacks it, creates the database and starts it where that has not been
 * done, else shares the server that runs. Any number of processes may do so at once: they end with one server,
 * and the last to `close` stops it. A process that dies without closing leaves the server to the others, or to
 * the next that opens it.
 * @throws OperatorError "config" when the folder can't be used, "unavailable" when the server can't start
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const onStep = options.onStep ?? (() => {});
  const dataDir = await claimDataDir(resolve(options.dataDir), onStep);
  const opened = await oneAtATime(dataDir, onStep, async () => ({
    server: await bringUp(dataDir, onStep),
    use: await ProcessLock.share(dataDir, "use.lock"),
  }));
  let server = opened.server;
  let closed = false;
  let reviving: Promise<string> | undefined;

  const revive = async () => {
    server = await oneAtATime(dataDir, onStep, () => bringUp(dataDir, onStep));
    return server.url;
  };
  return {
    get url() {
      return server.url;
    },
    startedHere: opened.server.startedHere,
    async ensureRunning() {
      if (closed) throw new Error("the embedded Postgres was closed");
      reviving ??= revive().finally(() => {
        reviving = undefined;
      });
      return reviving;
    },
    async close() {
      if (closed) return;
      closed = true;
      await reviving?.catch(() => {});
      try {
        await oneAtATime(dataDir, onStep, async () => {
          if (!opened.use.becomeOnlyUser()) return;
          onStep("stopping Postgres");
          await stopServer(dataDir, server.binaries);
        });
      } finally {
        opened.use.release();
      }
    },
  };
}

/**
 * Everything that starts or stops the server happens under one lock, so that nobody takes up a server which
 * another process is about to stop, and no two processes judge the same stale pid file.
 */
async function oneAtATime<T>(dataDir: DataDir, onStep: (step: string) => void, work: () => Promise<T>) {
  const lock = await ProcessLock.takeAlone(dataDir, "start.lock", () =>
    onStep(`waiting for another fiscaut-tasks that starts or stops Postgres in ${dataDir.path}`),
  );
  try {
    return await work();
  } finally {
    lock.release();
  }
}
