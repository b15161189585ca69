/**
 * Locks between processes, freed by the operating system whenever their holder ends, however it ends.
 * What they guard is for `embedded-postgres.ts` to say.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { OperatorError } from "../../task/errors.ts";
import { codeOf } from "../../task/thrown.ts";
import type { DataDir } from "./data-dir.ts";
import { explainFileFault } from "./faults.ts";

const pollMs = 20;
/** More than the longest start that the holder waits for: one that replays its log after a crash. */
const waitLimitMs = 15 * 60_000;

/**
 * A lock on a file. Bun offers no flock or LockFileEx, but SQLite, which it carries, has wrapped both for
 * decades: an open transaction on an empty database is a shared or an exclusive lock, and writes nothing.
 */
export class ProcessLock {
  /** Bun closes a database that nobody refers to, and its lock with it; a lock is held until it is released. */
  static readonly #held = new Set<ProcessLock>();
  readonly #file: Database;

  private constructor(file: Database) {
    this.#file = file;
    ProcessLock.#held.add(this);
  }

  /** Waits until nobody else holds the lock in any way. `onWait` is called once if that takes a while. */
  static async takeAlone(dataDir: DataDir, name: string, onWait: () => void): Promise<ProcessLock> {
    const lock = await ProcessLock.#open(dataDir, name);
    const deadline = Date.now() + waitLimitMs;
    for (let waits = 0; !lock.#begin("BEGIN EXCLUSIVE"); waits++) {
      if (waits === 10) onWait();
      if (Date.now() > deadline) {
        lock.release();
        throw new OperatorError(
          "unavailable",
          `another process has held ${join(dataDir.path, name)} for a quarter of an hour`,
          {
            hint: "look for a fiscaut-tasks that hangs, and end it",
          },
        );
      }
      await Bun.sleep(pollMs);
    }
    return lock;
  }

  /** Whether a process holds the lock alone. Any number may ask at once, without being taken for one. */
  static async isHeldAlone(dataDir: DataDir, name: string): Promise<boolean> {
    const lock = await ProcessLock.#open(dataDir, name);
    try {
      return !lock.#begin("BEGIN; SELECT * FROM sqlite_schema");
    } finally {
      lock.release();
    }
  }

  /** Takes the lock beside the others that share it. Nobody may hold it alone then, or this throws. */
  static async share(dataDir: DataDir, name: string): Promise<ProcessLock> {
    const lock = await ProcessLock.#open(dataDir, name);
    if (!lock.#begin("BEGIN; SELECT * FROM sqlite_schema")) {
      lock.release();
      throw new OperatorError("unavailable", `${join(dataDir.path, name)} is locked by another process`);
    }
    return lock;
  }

  /** Turns a shared lock into one of our own. When others share it, it is given up and false returned. */
  becomeOnlyUser(): boolean {
    this.#file.run("ROLLBACK");
    return this.#begin("BEGIN EXCLUSIVE");
  }

  /** Frees the lock. More than once does no harm. */
  release(): void {
    ProcessLock.#held.delete(this);
    this.#file.close();
  }

  static async #open(dataDir: DataDir, name: string): Promise<ProcessLock> {
    const path = join(dataDir.path, name);
    try {
      const file = new Database(path, { create: true, readwrite: true });
      await dataDir.handOver(path);
      return new ProcessLock(file);
    } catch (fault) {
      throw explainFileFault(fault, path);
    }
  }

  #begin(statement: string): boolean {
    try {
      // An exclusive transaction opens its journal at once; in memory, so that no file is left behind.
      this.#file.run("PRAGMA journal_mode = MEMORY");
      this.#file.run(statement);
      return true;
    } catch (fault) {
      if (codeOf(fault) === "SQLITE_BUSY") return false;
      throw fault;
    }
  }
}
