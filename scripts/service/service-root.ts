/** Says which Debian the tests of service managers run in. Laying it is left to `debian/root.ts`. */
import { layDebianRoot } from "../debian/root.ts";

const RELEASE = "trixie";
const PACKAGES = ["systemd", "supervisor"];

/**
 * Gives the root of the managers, laying it when it isn't there yet. Its place is `FISCAUT_TASKS_SERVICE_ROOT`, else under
 * `/var/cache`.
 * @throws Error as `layDebianRoot`.
 */
export async function layServiceRoot(say: (line: string) => void): Promise<string> {
  const root = process.env["FISCAUT_TASKS_SERVICE_ROOT"] ?? `/var/cache/fiscaut-tasks/service-${RELEASE}`;
  await layDebianRoot({ root, release: RELEASE, packages: PACKAGES }, say);
  return root;
}
