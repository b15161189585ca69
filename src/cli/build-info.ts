/**
 * What this executable was built from, for `--version`, /health and bug reports.
 * The facts are gathered by `scripts/build/build-facts.ts`, which puts them in place of FISCAUT_TASKS_BUILD.
 */
import { version } from "../../package.json" with { type: "json" };

/** The facts that only a build knows. */
export interface BuildFacts {
  /** Short hash, with "-dirty" when files differed from it; "unknown" outside git. */
  readonly commit: string;
  /** When `commit` was made, not when it was built: the same sources give the same executable. ISO 8601, or "unknown". */
  readonly builtAt: string;
  /** Such as "linux-x64"; "source" when run by Bun from the source tree. */
  readonly target: string;
}

export interface BuildInfo extends BuildFacts {
  readonly version: string;
}

declare const FISCAUT_TASKS_BUILD: BuildFacts | undefined;

export const buildInfo: BuildInfo = {
  version,
  ...(typeof FISCAUT_TASKS_BUILD === "undefined"
    ? { commit: "unknown", builtAt: "unknown", target: "source" }
    : FISCAUT_TASKS_BUILD),
};
