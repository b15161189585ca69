/** What can be told of a data folder without touching it: for whoever only looks. Taking it is `data-dir.ts`. */
import { constants } from "node:fs";
import { access, readdir, readFile, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { codeOf } from "../../task/thrown.ts";
import { foreignEntry, markerName } from "./data-dir.ts";
import { isMissing } from "./faults.ts";

export interface DataDirFacts {
  /** "missing": the first start makes it. "empty": not marked as ours yet. "foreign": it holds something else than ours. */
  state: "missing" | "empty" | "ours" | "foreign" | "unreadable";
  /** The folder itself or, where it is missing, the nearest above it that is there. */
  nearest: string;
  /** Of `nearest`. Always 0 on Windows. */
  ownerUid: number;
  /** Whether this user may write in `nearest`. */
  writable: boolean;
  /** That this user could still write there, bytes. */
  freeBytes: number;
  /** Processes that use the server; undefined where the system does not tell. */
  users: number[] | undefined;
}

export async function lookAtDataDir(path: string): Promise<DataDirFacts> {
  const nearest = await nearestOf(path);
  const [{ uid }, space, writable, users] = await Promise.all([
    stat(nearest),
    statfs(nearest),
    access(nearest, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    ),
    usersOf(join(path, "use.lock")),
  ]);
  const state = nearest === path ? await stateOf(path) : "missing";
  return { state, nearest, ownerUid: uid, writable, freeBytes: space.bavail * space.bsize, users };
}

async function nearestOf(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (fault) {
    if (!isMissing(fault) || dirname(path) === path) throw fault;
    return nearestOf(dirname(path));
  }
}

async function stateOf(path: string): Promise<DataDirFacts["state"]> {
  try {
    const entries = await readdir(path);
    if (entries.includes(markerName)) return "ours";
    return foreignEntry(entries) === undefined ? "empty" : "foreign";
  } catch (fault) {
    if (codeOf(fault) === "EACCES") return "unreadable";
    throw fault;
  }
}

/** See proc_locks(5): a lock a line, with the holder's process id and the file's `major:minor:inode`. */
async function usersOf(lockFile: string): Promise<number[] | undefined> {
  try {
    const locks = await readFile("/proc/locks", "utf8");
    const { ino } = await stat(lockFile);
    const pids = locks
      .split("\n")
      .map((line) => /POSIX.* (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line))
      .filter((found) => Number(found?.[2]) === ino)
      .map((found) => Number(found?.[1]));
    return [...new Set(pids)];
  } catch (fault) {
    return isMissing(fault) && process.platform === "linux" ? [] : undefined;
  }
}
