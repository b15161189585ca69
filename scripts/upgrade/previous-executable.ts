/**
 * The executable of the commit before this one, as a server may have it while this one is rolled out: its sources from
 * git, its packages by its own lock file, its own build. Kept below `build/`, a folder a commit.
 */
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "../../test/finished.ts";
import { BUILD, ROOT } from "../build/paths.ts";
import { hostTarget } from "../build/targets.ts";

export interface PreviousExecutable {
  commit: string;
  path: string;
}

/** A clone of the newest commit alone has none. */
export function hasPrevious(): boolean {
  const asked = Bun.spawnSync(["git", "rev-parse", "--quiet", "--verify", "HEAD^"], {
    cwd: ROOT,
    stdout: "ignore",
  });
  return asked.exitCode === 0;
}

/**
 * @param tell is told each step.
 * @throws Error when the clone lacks the previous commit, or that can't be built.
 */
export async function buildPrevious(tell: (step: string) => void): Promise<PreviousExecutable> {
  const commit = (await run(["git", "rev-parse", "--verify", "HEAD^"], ROOT)).trim();
  const folder = join(BUILD, "previous", commit);
  const path = join(folder, "dist", hostTarget().executable);
  if (existsSync(path)) return { commit, path };

  // Renamed into place whole, so that one that was interrupted is begun anew.
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true });
  tell(`unpacking ${commit.slice(0, 12)}`);
  const archive = join(making, "sources.tar");
  await run(["git", "archive", "--output", archive, commit], ROOT);
  await run(["tar", "-xf", archive, "-C", making], ROOT);
  await rm(archive);
  tell("its packages");
  await run([process.execPath, "install", "--frozen-lockfile"], making);
  tell("its executable");
  await run([process.execPath, "scripts/build.ts", "--target", "host"], making);
  await rename(making, folder);
  return { commit, path };
}

async function run(command: string[], cwd: string): Promise<string> {
  const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const { exitCode, stdout, stderr } = await finished(child);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: exit ${exitCode}\n${stdout}${stderr}`);
  return stdout;
}
