/**
 * Sets the server process going, apart from our terminal and our life, on POSIX systems and on Windows.
 * Which port, and what to do when it fails, is for `server.ts`.
 */
import { open } from "node:fs/promises";
import type { Account } from "./account.ts";
import type { DataDir } from "./data-dir.ts";
import { readPidFile } from "./pid-file.ts";
import { spawnProgram } from "./program.ts";
import { serverArguments } from "./settings.ts";

/** Which server, and with what it is run. */
export interface Launch {
  readonly dataDir: DataDir;
  readonly binaries: string;
  /** Undefined: as we are. */
  readonly account: Account | undefined;
  readonly onStep: (step: string) => void;
}

/** A server that replays its log after a crash is let work: that may take minutes. */
export const startLimitMs = 10 * 60_000;
const pollMs = 5;

/** Starts the server on `port`. Returns undefined when it is ready, or the exit code that it ended with. */
export const launchServer: (launch: Launch, port: number) => Promise<number | undefined> =
  process.platform === "win32" ? launchByPgCtl : launchDirectly;

async function launchDirectly(launch: Launch, port: number): Promise<number | undefined> {
  const { dataDir, binaries, account } = launch;
  const database = dataDir.database;
  const log = await open(dataDir.log, "a", 0o600);
  await dataDir.handOver(dataDir.log);
  const command = ["-D", database, ...serverArguments(port)];
  let server: Bun.Subprocess;
  try {
    server = spawnProgram({ binaries, name: "postgres", arguments: command, cwd: database, account }, log.fd);
  } finally {
    await log.close();
  }
  server.unref();
  while (server.exitCode === null && server.signalCode === null) {
    const written = await readPidFile(database);
    if (written?.pid === server.pid && written.status === "ready") return undefined;
    await Bun.sleep(pollMs);
  }
  return server.exitCode ?? -1;
}

/**
 * pg_ctl takes the administrator's rights from the server, as Postgres wants it on Windows. Nothing may read its
 * output: it leaves its handles to the server, and a reader of pipes would wait until that ends.
 */
async function launchByPgCtl({ dataDir, binaries }: Launch, port: number): Promise<number | undefined> {
  const options = serverArguments(port).map((argument) => (argument === "-c" ? argument : `"${argument}"`));
  const start = [
    ...["start", "--pgdata", dataDir.database, "--log", dataDir.log, "--options", options.join(" ")],
    ...["--wait", "--timeout", String(startLimitMs / 1000)],
  ];
  const child = spawnProgram(
    { binaries, name: "pg_ctl", arguments: start, cwd: dataDir.database, account: undefined },
    "ignore",
  );
  const exitCode = await child.exited;
  return exitCode === 0 ? undefined : exitCode;
}
