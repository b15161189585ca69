/**
 * Gathers what `src/cli/build-info.ts` tells about an executable. Nothing here depends on the time or place of the build.
 */
import type { BuildFacts } from "../../src/cli/build-info.ts";
import { ROOT } from "./paths.ts";
import type { Target } from "./targets.ts";

export function gatherBuildFacts(target: Target): BuildFacts {
  return { commit: readCommit(), builtAt: readDate(), target: target.name };
}

/** `--exclude '*'` passes tags over: it is the hash that finds the sources again. */
const readCommit = () => git("describe", "--always", "--dirty", "--abbrev=12", "--exclude", "*") ?? "unknown";

function readDate(): string {
  // The convention of reproducible-builds.org: seconds since 1970, set by a packager who has no git.
  const { SOURCE_DATE_EPOCH } = process.env;
  const seconds = SOURCE_DATE_EPOCH ?? git("log", "-1", "--format=%ct");
  return seconds === undefined ? "unknown" : new Date(Number(seconds) * 1000).toISOString();
}

/** What git prints; undefined without git, or outside a repository. */
function git(...arguments_: string[]): string | undefined {
  if (Bun.which("git") === null) return undefined;
  const { exitCode, stdout } = Bun.spawnSync(["git", ...arguments_], { cwd: ROOT, stderr: "ignore" });
  return exitCode === 0 ? stdout.toString().trim() : undefined;
}
