/** The executable that is measured is that of these sources. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../build/paths.ts";
import { executable } from "../contenders/ours.ts";
import { runChild } from "./children.ts";

const buildWithinMs = 180_000;

export async function buildWhenOld(): Promise<void> {
  const builtMs = existsSync(executable) ? statSync(executable).mtimeMs : 0;
  const sources = new Bun.Glob(
    "{src,drizzle,scripts/build,scripts/patches}/**/*.{ts,sql,json,patch}",
  ).scanSync(ROOT);
  for (const source of sources)
    if (statSync(join(ROOT, source)).mtimeMs > builtMs) {
      const build = [process.execPath, join(ROOT, "scripts/build.ts"), "--target", "host"];
      await runChild(build, process.env as Record<string, string>, buildWithinMs);
      return;
    }
}
