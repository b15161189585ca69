/**
 * The folder that the embedded Postgres lives in: whether it is ours, its layout, whom its files belong to.
 * Where it is by default is for `config/` to say.
 */
import { chown, mkdir, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { OperatorError } from "../../task/errors.ts";
import { explainFileFault } from "./faults.ts";
import { keepOthersOut } from "./windows-access.ts";

/** The marker file says in words what the folder is, to whoever finds it. Its presence makes it ours. */
export const markerName = "fiscaut-tasks.txt";
const markerText = `This folder belongs to fiscaut-tasks: its tasks are stored here.

database/      the Postgres database. Back this up (with fiscaut-tasks stopped), it can't be made again.
postgres/      the Postgres programs, unpacked from the executable. Made again when missing.
postgres.log   what the Postgres server had to say; the one before is postgres.log.1.
*.lock         held by the processes that use the server. Never in anybody's way when none runs.
workers/       the workers that run, for fiscaut-tasks stop to find. What ended ones left is removed.
`;

/**
 * What an installation may have put there before the first start: on Windows the configuration, files of variables and of
 * secrets, and the services' logs lie in the data folder. `lost+found` is all that a file system mounted for us holds.
 */
const expected =
  /^(fiscaut-tasks\.toml|([\w-]+\.)?env|[\w-]*key(\.txt)?|handlers|logs|[\w.-]+-task\.xml|lost\+found)$/;

/** @returns the first entry that makes a folder somebody else's; undefined when there is none. */
export const foreignEntry = (entries: readonly string[]): string | undefined =>
  entries.includes(markerName) ? undefined : entries.find((name) => !expected.test(name));

export interface DataDir {
  readonly path: string;
  /** Postgres's own data folder. */
  readonly database: string;
  /** One folder a version of the programs. */
  readonly versions: string;
  readonly log: string;
  /** Gives a file that root made to the folder's owner, who may run the next worker. */
  handOver(path: string): Promise<void>;
}

/**
 * Takes `path` as ours: makes it where it is missing, marks it where nobody else's is in it.
 * @throws OperatorError "config" when it holds something else, or can't be written
 */
export async function claimDataDir(path: string, onStep: (step: string) => void): Promise<DataDir> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
    const isNew = await mark(path);
    if (isNew && process.platform === "win32" && !(await keepOthersOut(path))) {
      onStep(`other users of this machine may be able to read ${path}`);
    }
    const owner = await stat(path);
    const isRoot = process.getuid?.() === 0;
    return {
      path,
      database: join(path, "database"),
      versions: join(path, "postgres"),
      log: join(path, "postgres.log"),
      async handOver(file) {
        if (isRoot && owner.uid !== 0) await chown(file, owner.uid, owner.gid);
      },
    };
  } catch (fault) {
    throw explainFileFault(fault, path);
  }
}

/** Makes sure that the folder is ours and can be written. Returns whether it has just become ours. */
async function mark(path: string): Promise<boolean> {
  const foreign = foreignEntry(await readdir(path));
  if (foreign !== undefined) {
    throw new OperatorError("config", `${path} is not a data folder of fiscaut-tasks: it holds ${foreign}`, {
      hint: "name an empty or a new folder with --data-dir or FISCAUT_TASKS_DATA_DIR",
    });
  }
  // Opening for writing tells a read-only file system and a missing permission apart from all else, always.
  const marker = await open(join(path, markerName), "a");
  try {
    const isNew = (await marker.stat()).size === 0;
    if (isNew) await marker.writeFile(markerText);
    return isNew;
  } finally {
    await marker.close();
  }
}
