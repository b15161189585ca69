/**
 * Creates the Postgres cluster, once, with its password. The database inside it is made by `connect.ts`.
 * Must run under the start lock.
 */
import { randomBytes } from "node:crypto";
import { chown, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { OperatorError } from "../../task/errors.ts";
import type { Account } from "./account.ts";
import { role } from "./connect.ts";
import { renameDurably } from "./durable-rename.ts";
import { explainFileFault, explainProgramFailure, isMissing } from "./faults.ts";
import { withInitdbInput } from "./initdb-input.ts";
import type { Launch } from "./launch.ts";
import { runProgram } from "./program.ts";

/**
 * Within the cluster, so that the two can't be parted: one rename brings both, one backup holds both.
 * Postgres minds no file that it does not know.
 */
export const passwordPath = (database: string) => join(database, "fiscaut-tasks.password");

/**
 * Makes the cluster of `launch.dataDir` unless it is there, and returns the password of its role.
 * A cluster is there whole or not at all, even after a power cut.
 * @throws OperatorError "config" when it was made by another major version than `major`
 */
export async function createClusterIfMissing(launch: Launch, major: string): Promise<string> {
  const { database, path } = launch.dataDir;
  try {
    const madeBy = (await readIfThere(join(database, "PG_VERSION")))?.trim();
    if (madeBy === undefined) {
      await refuseRemains(database);
      await create(launch);
    } else if (madeBy !== major) {
      throw new OperatorError("config", `${path} holds a database of Postgres ${madeBy}, not ${major}`, {
        hint: "run the fiscaut-tasks that made it, or name another folder with --data-dir",
      });
    }
    const password = await readIfThere(passwordPath(database));
    if (password) return password;
    throw new OperatorError("config", `${passwordPath(database)} is missing or empty`, {
      hint: "restore it from the backup that the database came from",
    });
  } catch (fault) {
    throw explainFileFault(fault, database);
  }
}

async function create({ dataDir, binaries, account, onStep }: Launch): Promise<void> {
  onStep("creating the database");
  const fresh = `${dataDir.database}.new`;
  await removeLeftovers(fresh);
  const passwordFile = `${fresh}.password`;
  const password = randomBytes(24).toString("hex");
  try {
    await writePrivate(passwordFile, password, account);
    const how = [
      ...["--pgdata", fresh, "--username", role, "--pwfile", passwordFile, "--auth", "scram-sha-256"],
      // Postgres's own UTF-8 locale: the same on every system, and no upgrade of the C library reorders an index.
      ...["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
      "--no-instructions",
    ];
    await makePrivateFolder(fresh, account);
    const { exitCode, output } = await withInitdbInput(binaries, (where) =>
      runProgram({ binaries, name: "initdb", arguments: [...how, ...where], cwd: dataDir.path, account }),
    );
    if (exitCode !== 0) throw explainProgramFailure("initdb", exitCode, output);
    await renameDurably(passwordFile, passwordPath(fresh));
    await renameDurably(fresh, dataDir.database);
  } catch (fault) {
    await removeLeftovers(fresh).catch(() => {});
    throw fault;
  }
}

/** A database folder without PG_VERSION has lost files. Making a new database there would bury the rest. */
async function refuseRemains(database: string): Promise<void> {
  const remains = await readdir(database).catch((fault) => {
    if (isMissing(fault)) return [];
    throw fault;
  });
  if (remains.length === 0) return;
  throw new OperatorError("config", `${database} is not a whole Postgres database: PG_VERSION is missing`, {
    hint: "restore it from a backup, or move it away to start with an empty one",
  });
}

/** What a creation left that was killed. */
async function removeLeftovers(fresh: string): Promise<void> {
  await rm(fresh, { recursive: true, force: true });
  await rm(`${fresh}.password`, { force: true });
}

async function makePrivateFolder(path: string, account: Account | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (account !== undefined) await chown(path, account.uid, account.gid);
}

async function writePrivate(path: string, text: string, account: Account | undefined): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    if (account !== undefined) await file.chown(account.uid, account.gid);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (fault) {
    if (isMissing(fault)) return undefined;
    throw fault;
  }
}
