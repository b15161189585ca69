/** Where the embedded Postgres lives: ours, writable, with room, and who uses it. */
import type { Config } from "../../../config/settings/settings.ts";
import { type DataDirFacts, lookAtDataDir } from "../../../store/embedded/look-at-data-dir.ts";
import { type Check, type Finding, fail, pass, skip, warn } from "../check.ts";

const gibibyte = 2 ** 30;
/** Postgres stops at a full disk; its log alone takes up to 1 GiB (max_wal_size) before it is used again. */
const warnBelowBytes = 2 * gibibyte;
const failBelowBytes = 0.25 * gibibyte;

const elsewhere = "name another with --data-dir or FISCAUT_TASKS_DATA_DIR";

export const dataDirCheck: Check<Config> = {
  name: "data folder",
  async look({ databaseUrl, dataDir }) {
    if (databaseUrl !== undefined) return skip("not used: the database is the one at DATABASE_URL");
    const facts = await lookAtDataDir(dataDir);
    return faultOf(dataDir, facts) ?? pass(`${dataDir}: ${describe(facts)}`);
  },
};

function faultOf(dataDir: string, facts: DataDirFacts): Finding | undefined {
  const { state, nearest, ownerUid, writable, freeBytes } = facts;
  if (state === "foreign") return fail(`${dataDir} holds something else than fiscaut-tasks`, elsewhere);
  if (!writable || state === "unreadable")
    return fail(
      `this user may not write in ${nearest}, which belongs to uid ${ownerUid}`,
      `run as that user, or ${elsewhere}`,
    );
  const room = `${gigabytes(freeBytes)} free at ${nearest}`;
  const cure = `free some space there, or ${elsewhere}`;
  if (freeBytes < failBelowBytes) return fail(room, cure);
  return freeBytes < warnBelowBytes ? warn(room, cure) : undefined;
}

function describe({ state, ownerUid, freeBytes, users }: DataDirFacts): string {
  const what = state === "ours" ? `of uid ${ownerUid}` : "made at the first start";
  const used =
    users === undefined
      ? []
      : [users.length === 0 ? "used by nobody now" : `used by process ${users.join(", ")}`];
  return [what, `${gigabytes(freeBytes)} free`, ...used].join(", ");
}

const gigabytes = (bytes: number) => `${(bytes / gibibyte).toFixed(1)} GiB`;
