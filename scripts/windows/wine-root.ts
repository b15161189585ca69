/**
 * Says which Debian the Windows tests run Wine 10 in: newer than the machine's own may carry. Laying it is left to
 * `debian/root.ts`, running programs in there to `wine.ts`.
 */
import { layDebianRoot } from "../debian/root.ts";

/** Debian release whose Wine is 10: Wine 8 lacks calls that Bun (`ProcessPrng`) and Postgres need. */
const WINE_RELEASE = "trixie";

/**
 * Gives the Wine root, laying it when it isn't there yet (about a minute, 1.4 GB). Its place is
 * `FISCAUT_TASKS_WINE_ROOT`, else under `/var/cache`.
 * @throws Error as `layDebianRoot`, and on anything but amd64.
 */
export async function layWineRoot(say: (line: string) => void): Promise<string> {
  if (process.arch !== "x64") throw new Error("the Windows tests need amd64, which Wine runs on");
  const root = process.env["FISCAUT_TASKS_WINE_ROOT"] ?? `/var/cache/fiscaut-tasks/wine-${WINE_RELEASE}`;
  await layDebianRoot({ root, release: WINE_RELEASE, packages: ["wine", "wine64", "libwine"] }, say);
  return root;
}
