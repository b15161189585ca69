/** Renames that a power cut can't undo. The files' contents are synced by whoever writes them. */
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "../../task/thrown.ts";

const retryMs = 100;
const retryLimitMs = 10_000;

/** Renames `from`, whose content is on disk, to `to` in the same folder, and puts the new name on disk too. */
export async function renameDurably(from: string, to: string): Promise<void> {
  const deadline = Date.now() + retryLimitMs;
  for (;;) {
    try {
      await rename(from, to);
      break;
    } catch (fault) {
      if (!isHeldByScanner(fault) || Date.now() > deadline) throw fault;
      await Bun.sleep(retryMs);
    }
  }
  await syncFolder(dirname(to));
}

/** Virus scanners of Windows look into new files, and nothing above those can be renamed meanwhile. */
const isHeldByScanner = (fault: unknown) =>
  process.platform === "win32" && ["EPERM", "EACCES", "EBUSY"].includes(codeOf(fault) ?? "");

/** Puts the names in `path` safely on disk. Windows has no such call, and its journal no such need. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
