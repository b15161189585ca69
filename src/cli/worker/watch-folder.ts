/**
 * Watches a folder of source files, and all below it, for `run --dev`. What the operating system tells of changes is a
 * hint: what counts is what a look at the files says, which is also taken when no hint comes.
 */
import { type FSWatcher, watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface FolderWatch {
  stop(): void;
}

export interface WatchLimits {
  /** An editor writes in several steps: a change is told when nothing has changed for so long. */
  quietMs: number;
  /** How long a change without a hint can go unnoticed. */
  pollMs: number;
}

const defaultLimits: WatchLimits = { quietMs: 100, pollMs: 2_000 };

/** @param onChange called with paths within `dir`, sorted: what was added, changed or removed since it was called last. */
export function watchFolder(
  dir: string,
  onChange: (changed: string[]) => void,
  limits: WatchLimits = defaultLimits,
): FolderWatch {
  let told: Map<string, string> | undefined;
  let seen: Map<string, string> | undefined;
  let timer: Timer | undefined;
  let stopped = false;
  const lookIn = (delayMs: number) => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(look, delayMs);
  };

  async function look() {
    const found = await readSignatures(dir);
    if (stopped) return;
    told ??= found;
    const settled = differences(seen ?? found, found).length === 0;
    seen = found;
    const changed = differences(told, found);
    if (changed.length > 0 && settled) {
      told = found;
      onChange(changed);
    }
    lookIn(settled ? limits.pollMs : limits.quietMs);
  }

  // At once, to know what there is.
  void look();
  const hints = watchForHints(dir, () => lookIn(limits.quietMs));
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      hints?.close();
    },
  };
}

/** Not every file system tells of changes, and a system may have no watches left. */
function watchForHints(dir: string, onHint: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(dir, { recursive: true }, onHint);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** By path: what is another when the file's content is. */
async function readSignatures(dir: string, below = "", signatures = new Map<string, string>()) {
  const entries = await readdir(join(dir, below), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.name === "node_modules" || entry.name.startsWith(".")) continue;
    const path = join(below, entry.name);
    if (entry.isDirectory()) await readSignatures(dir, path, signatures);
    else {
      const found = await stat(join(dir, path)).catch(() => undefined);
      if (found !== undefined) signatures.set(path, `${found.mtimeMs} ${found.size} ${found.ino}`);
    }
  }
  return signatures;
}

function differences(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .sort();
}
