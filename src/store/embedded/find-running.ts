/**
 * Finds the embedded Postgres where it runs, without starting, locking or writing anything: for whoever only looks.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { OperatorError } from "../../task/errors.ts";
import { codeOf } from "../../task/thrown.ts";
import { passwordPath } from "./cluster.ts";
import { urlOf } from "./connect.ts";
import { isMissing } from "./faults.ts";
import { isInUse, isServerOf, readPidFile } from "./pid-file.ts";

/**
 * The URL of the server that runs in `dataDir`, a secret; undefined when none does.
 * @throws OperatorError "config" when this user may not look
 */
export async function findRunningPostgres(dataDir: string): Promise<string | undefined> {
  const database = join(dataDir, "database");
  try {
    const found = await readPidFile(database);
    if (found === undefined || found.status !== "ready") return undefined;
    // Elsewhere the connection has to tell: asking pg_ctl would need the programs.
    const runs =
      process.platform === "linux" ? await isServerOf(database, found.pid, "") : isInUse(found.pid);
    if (!runs) return undefined;
    return urlOf(found.port, await readFile(passwordPath(database), "utf8"));
  } catch (fault) {
    if (isMissing(fault)) return undefined;
    if (!["EACCES", "EPERM"].includes(codeOf(fault) ?? "")) throw fault;
    const owner = await stat(database).then(
      ({ uid }) => `uid ${uid}`,
      () => "its owner",
    );
    throw new OperatorError("config", `${database} can only be looked into by ${owner} and root`, {
      hint: `run this as ${owner} or root`,
    });
  }
}
