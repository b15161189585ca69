/**
 * Reads postmaster.pid, and tells whether the process that it names is the server of this database.
 * A number alone proves nothing: after a power cut it may belong to any other process.
 */
import { readFile, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../../task/thrown.ts";
import { isMissing } from "./faults.ts";
import { runProgram } from "./program.ts";

export interface PidFile {
  readonly pid: number;
  readonly port: number;
  /** "starting", "stopping", "ready" or "standby". A server writes its pid first and the rest a moment later. */
  readonly status: string;
}

export const pidFilePath = (database: string) => join(database, "postmaster.pid");

/** What postmaster.pid says, line by line as Postgres's `utils/pidfile.h` lays it out; undefined without one. */
export async function readPidFile(database: string): Promise<PidFile | undefined> {
  try {
    const lines = (await readFile(pidFilePath(database), "utf8")).split("\n");
    return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7]?.trim() || "starting" };
  } catch (fault) {
    if (isMissing(fault)) return undefined;
    throw fault;
  }
}

/** Whether process `pid` is a server that runs on `database`. */
export async function isServerOf(database: string, pid: number, binaries: string): Promise<boolean> {
  if (!(pid > 0)) return false;
  if (process.platform === "linux") return worksIn(database, pid);
  // Elsewhere Postgres's own judgement is as good: on Windows it asks for a pipe that only a server has.
  const status = ["status", "--pgdata", database];
  const judged = await runProgram({
    binaries,
    name: "pg_ctl",
    arguments: status,
    cwd: database,
    account: undefined,
  });
  return judged.exitCode === 0;
}

/** A server's working folder is its database. Of a dead or a foreign process it can't be read, or is another. */
async function worksIn(database: string, pid: number): Promise<boolean> {
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(database));
  } catch {
    return false;
  }
}

/** Whether any process has this number, even one that is not ours to signal. */
export function isInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (fault) {
    return codeOf(fault) !== "ESRCH";
  }
}
