/**
 * Finds, starts and stops the server process. Must run under the start lock.
 * What it is told is in `settings.ts`; whether it is ours is judged in `pid-file.ts`.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { OperatorError } from "../../task/errors.ts";
import type { DataDir } from "./data-dir.ts";
import { explainFileFault, explainProgramFailure } from "./faults.ts";
import { pickFreePort } from "./free-port.ts";
import { type Launch, launchServer, startLimitMs } from "./launch.ts";
import { readTail, rotateLog, sizeOf } from "./log-file.ts";
import { isInUse, isServerOf, pidFilePath, readPidFile } from "./pid-file.ts";
import { runProgram } from "./program.ts";

const pollMs = 10;
const stopLimitMs = 60_000;
/** Another program may take the port in the moment between picking and binding it, though hardly five times. */
const mostTries = 5;

/** The port of the running server, after waiting for one that is starting or stopping; undefined without one. */
export async function findServer({ dataDir, binaries, onStep }: Launch): Promise<number | undefined> {
  const deadline = Date.now() + startLimitMs;
  for (let waits = 0; ; waits++) {
    const found = await readPidFile(dataDir.database);
    if (found === undefined || !(await isServerOf(dataDir.database, found.pid, binaries))) return undefined;
    if (found.status === "ready") return found.port;
    if (waits === 0) onStep(`waiting for Postgres, which is ${found.status}`);
    if (Date.now() > deadline) {
      throw new OperatorError(
        "unavailable",
        `Postgres (pid ${found.pid}) has been ${found.status} for minutes`,
        {
          hint: `read ${dataDir.log}`,
        },
      );
    }
    await Bun.sleep(pollMs);
  }
}

/**
 * Starts a server and returns its port once it takes connections. It outlives this process.
 * The port is the last one where it is still free: other processes then find the server again by themselves.
 */
export async function startServer(launch: Launch): Promise<number> {
  const { dataDir, onStep } = launch;
  onStep("starting Postgres");
  try {
    await removeMisleadingPidFile(dataDir.database);
    await rotateLog(dataDir.log);
    let port = await pickFreePort(await lastPort(dataDir.database));
    for (let tries = 1; ; tries++) {
      const logged = await sizeOf(dataDir.log);
      const exitCode = await launchServer(launch, port);
      if (exitCode === undefined) return port;
      const output = await readTail(dataDir.log, logged);
      if (tries === mostTries) throw explainProgramFailure("postgres", exitCode, output);
      if (/could not bind/.test(output)) port = await pickFreePort();
      // The children of a server that was killed take a moment to notice.
      else if (/pre-existing shared memory block/.test(output)) await Bun.sleep(200 * tries);
      else throw explainProgramFailure("postgres", exitCode, output);
    }
  } catch (fault) {
    throw explainFileFault(fault, dataDir.path);
  }
}

/** Stops the server at once but cleanly: transactions are rolled back, nothing committed is lost. */
export async function stopServer(dataDir: DataDir, binaries: string): Promise<void> {
  const { database } = dataDir;
  const server = await readPidFile(database);
  if (server === undefined || !(await isServerOf(database, server.pid, binaries))) return;
  if (process.platform === "win32") {
    const stop = ["stop", "--pgdata", database, "--mode", "fast"];
    await runProgram({ binaries, name: "pg_ctl", arguments: stop, cwd: database, account: undefined });
    return;
  }
  process.kill(server.pid, "SIGINT");
  const deadline = Date.now() + stopLimitMs;
  // The pid file goes last. A zombie, whose parent is not us, still has a number but no working folder.
  while ((await readPidFile(database)) !== undefined && (await isServerOf(database, server.pid, binaries))) {
    if (Date.now() > deadline) return; // it goes on stopping by itself
    await Bun.sleep(pollMs);
  }
}

/**
 * Removes a pid file that Postgres would stumble over: one whose number another process has by now, which it would
 * take for a server, or an empty one, as a power cut leaves it. Any other leftover it judges better than we could.
 */
async function removeMisleadingPidFile(database: string): Promise<void> {
  let left = await readPidFile(database);
  if (left?.pid === 0) {
    // A server whose starter was killed this very moment would be about to fill it.
    await Bun.sleep(500);
    left = await readPidFile(database);
  }
  if (left === undefined) return;
  // On Windows any: pg_ctl takes what a server wrote that died two seconds ago for the word of the one it starts.
  if (process.platform === "win32" || left.pid === 0 || isInUse(left.pid)) await rm(pidFilePath(database));
}

/** The port of the server before, from the command line that Postgres keeps of it. */
async function lastPort(database: string): Promise<number | undefined> {
  const options = await readFile(join(database, "postmaster.opts"), "utf8").catch(() => "");
  const port = options.match(/"port=(\d+)"/)?.[1];
  return port === undefined ? undefined : Number(port);
}
