/**
 * The folder that initdb reads its scripts from, where the programs lie under a name that it can't put into SQL.
 * All else of initdb's command line is for `cluster.ts`.
 */
import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Calls `work` with the arguments that tell initdb where its scripts are: mostly none.
 * On Windows initdb gives the new UTF-8 database a path of `share/` in the system's own code page, and ends with
 * "invalid byte sequence" where that path has an accent. There it gets a passing copy (1.3 MB) in a plain folder.
 */
export async function withInitdbInput<T>(
  binaries: string,
  work: (initdbArguments: string[]) => Promise<T>,
): Promise<T> {
  if (process.platform !== "win32" || isPlain(binaries)) return await work([]);
  const folder = await makePlainFolder();
  try {
    const share = join(binaries, "share");
    for (const entry of await readdir(share, { withFileTypes: true })) {
      if (entry.isFile()) await copyFile(join(share, entry.name), join(folder, entry.name));
    }
    return await work(["-L", folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The user's own temporary folder has the user's name in it; C:\ProgramData has none, and any user may write there. */
async function makePlainFolder(): Promise<string> {
  const parent = isPlain(tmpdir()) ? tmpdir() : (process.env["ProgramData"] ?? "C:\\ProgramData");
  await mkdir(parent, { recursive: true });
  return await mkdtemp(join(parent, "fiscaut-tasks-initdb-"));
}

const isPlain = (path: string) => /^[\x20-\x7e]*$/.test(path);
