/** Says which Debian the README's psql and Python examples run in. Laying it is left to `debian/root.ts`. */
import { layDebianRoot } from "../debian/root.ts";

const RELEASE = "trixie";
const PACKAGES = ["postgresql-client", "python3-psycopg", "python3-django"];

/**
 * Gives the root of the clients, laying it when it isn't there yet. Its place is
 * `FISCAUT_TASKS_CLIENTS_ROOT`, else under `/var/cache`.
 * @throws Error as `layDebianRoot`.
 */
export async function layClientsRoot(say: (line: string) => void): Promise<string> {
  const root = process.env["FISCAUT_TASKS_CLIENTS_ROOT"] ?? `/var/cache/fiscaut-tasks/clients-${RELEASE}`;
  await layDebianRoot({ root, release: RELEASE, packages: PACKAGES }, say);
  return root;
}
