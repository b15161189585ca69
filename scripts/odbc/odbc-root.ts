/** Says which Debian the ODBC tests run in, and puts the executable there. Laying it is left to `debian/root.ts`. */
import { copyFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DIST } from "../build/paths.ts";
import { hostTarget } from "../build/targets.ts";
import { layDebianRoot } from "../debian/root.ts";

const RELEASE = "trixie";
const PACKAGES = ["unixodbc", "odbcinst", "odbc-postgresql", "libsqliteodbc"];

/** The executable's place in the root. */
export const EXECUTABLE = "/opt/fiscaut-tasks";

/**
 * Gives the root of the drivers, laying it when it isn't there yet. Its place is `FISCAUT_TASKS_ODBC_ROOT`, else under
 * `/var/cache`.
 * @throws Error as `layDebianRoot`.
 */
export async function layOdbcRoot(say: (line: string) => void): Promise<string> {
  const root = process.env["FISCAUT_TASKS_ODBC_ROOT"] ?? `/var/cache/fiscaut-tasks/odbc-${RELEASE}`;
  await layDebianRoot({ root, release: RELEASE, packages: PACKAGES }, say);
  return root;
}

/** Puts the executable that was built last into the root, as a whole: another run may be using the one before. */
export function installExecutable(root: string): void {
  const place = join(root, EXECUTABLE);
  const partial = `${place}.${process.pid}.partial`;
  copyFileSync(join(DIST, hostTarget().executable), partial);
  renameSync(partial, place);
}
