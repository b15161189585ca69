/**
 * Whom Postgres runs as. It refuses to run as root, so root lends it another account; anyone else runs it as himself.
 * On Windows pg_ctl drops the rights of an administrator by itself.
 */
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { OperatorError } from "../../task/errors.ts";
import type { DataDir } from "./data-dir.ts";
import { isMissing } from "./faults.ts";

/** A user of this system that is not root. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Who lends his name when no file says whose the database is. A user of its own comes first: it shares with nobody. */
const lenders = ["fiscaut-tasks", "postgres", "nobody"];

/**
 * The account to drop to, or undefined to run as we are. The owner of the database comes first, then the owner
 * of its folder, then the first of `fiscaut-tasks`, `postgres` and `nobody` that exists.
 * @throws OperatorError "config" when none will do, or it can't reach the folder
 */
export async function chooseAccount(dataDir: DataDir): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = parsePasswd(await readFile("/etc/passwd", "utf8").catch(() => ""));
  const owner = (await ownerOf(dataDir.database)) || (await ownerOf(dataDir.path));
  const account = owner
    ? users.find((user) => user.uid === owner)
    : lenders.map((name) => users.find((user) => user.name === name)).find((user) => user !== undefined);
  if (account === undefined) {
    const message = owner
      ? `${dataDir.path} belongs to uid ${owner}, which /etc/passwd does not name`
      : "Postgres must not run as root, and there is no other user that it could run as";
    throw new OperatorError("config", message, {
      hint: `useradd --system fiscaut-tasks${owner ? ` --uid ${owner}` : ""}`,
    });
  }
  await requireKnown(account);
  await requireReachable(dataDir.path, account);
  return account;
}

/** The users of a passwd file that are not root. See passwd(5). */
export function parsePasswd(text: string): Account[] {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name !== "" && uid > 0 && Number.isInteger(gid));
}

/** The uid that `path` belongs to; undefined when it is root's or is not there. */
async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid || undefined;
  } catch (fault) {
    if (isMissing(fault)) return undefined;
    throw fault;
  }
}

/** In a container without a range of users, /etc/passwd may name one that can't be had. See user_namespaces(7). */
async function requireKnown(account: Account): Promise<void> {
  const ranges = (await readFile("/proc/self/uid_map", "utf8")).trim().split("\n");
  const isKnown = ranges.some((range) => {
    const [first = 0, , count = 0] = range.trim().split(/\s+/).map(Number);
    return account.uid >= first && account.uid < first + count;
  });
  if (isKnown) return;
  throw new OperatorError(
    "config",
    `Postgres would run as ${account.name}, a user that this container lacks`,
    {
      hint: "give the container a range of users, or set DATABASE_URL to a Postgres of your own",
    },
  );
}

/** Every folder on the way must let the account pass: Postgres would only say "permission denied". */
async function requireReachable(path: string, account: Account): Promise<void> {
  for (let on = path; ; on = dirname(on)) {
    const { mode, uid, gid } = await stat(on);
    const pass = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & pass) === 0) {
      throw new OperatorError("config", `Postgres would run as ${account.name}, who may not enter ${on}`, {
        hint: `chmod o+x '${on}', or name a folder such as /var/lib/fiscaut-tasks with --data-dir`,
      });
    }
    if (on === dirname(on)) return;
  }
}
