/** Says which Debian's PgBouncer the worker is tried behind. Laying it is left to `debian/root.ts`. */
import { layDebianRoot } from "../debian/root.ts";

const RELEASE = "trixie";
const PACKAGES = ["pgbouncer"];

/**
 * Gives the root of PgBouncer, laying it when it isn't there yet. Its place is
 * `FISCAUT_TASKS_PGBOUNCER_ROOT`, else under `/var/cache`.
 * @throws Error as `layDebianRoot`.
 */
export async function layPgbouncerRoot(say: (line: string) => void): Promise<string> {
  const root = process.env["FISCAUT_TASKS_PGBOUNCER_ROOT"] ?? `/var/cache/fiscaut-tasks/pgbouncer-${RELEASE}`;
  await layDebianRoot({ root, release: RELEASE, packages: PACKAGES }, say);
  return root;
}
