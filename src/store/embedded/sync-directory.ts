// The half of a durable rename that is easily forgotten: the directory's own entry must reach the disk too.
// The files' contents are synced by whoever writes them.

import { open } from "node:fs/promises";

/** Puts the names in `path` safely on disk. Windows has no such call, and its journal no such need. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
