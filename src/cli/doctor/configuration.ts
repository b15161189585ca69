/** Where the settings come from, and whether a file of them gives secrets away. */
import { statSync } from "node:fs";
import type { ExaminedConfig, LoadedConfig } from "../../config/load.ts";
import { settingKeys, settingOf } from "../../config/settings/settings.ts";
import { type Check, fail, pass, warn } from "./check.ts";

export const configurationCheck: Check<ExaminedConfig> = {
  name: "configuration",
  look({ loaded, faults, file }) {
    if (loaded === undefined) {
      const told = faults.map(({ source, message }) => `${source}: ${message}`);
      const hints = new Set(faults.flatMap(({ hint }) => hint ?? []));
      return fail(told.join("; "), [...hints].join("; ") || "correct it, then: fiscaut-tasks config check");
    }
    const open = file !== undefined && holdsSecrets(loaded) && isOpen(file);
    if (open)
      return warn(`${file} holds secrets, and other users of this machine can read it`, `chmod 600 ${file}`);
    return pass(`${describeOrigins(loaded)}; configuration file: ${file ?? "none found"}`);
  },
};

/** Such as `3 settings by environment, 1 by file, the others by default`. */
function describeOrigins({ origins }: LoadedConfig): string {
  const kinds = Object.groupBy(
    settingKeys.filter((key) => origins[key] !== "default"),
    (key) => origins[key].split(" ", 1)[0] ?? "",
  );
  const counts = Object.entries(kinds).map(([kind, keys = []]) => `${keys.length} by ${kind}`);
  return counts.length === 0
    ? "all settings by default"
    : `settings: ${counts.join(", ")}, the others by default`;
}

const holdsSecrets = ({ origins }: LoadedConfig) =>
  settingKeys.some((key) => settingOf(key).secret && origins[key].startsWith("file "));

/** Windows has no such bits; there the folder's access list decides. */
function isOpen(file: string): boolean {
  return (
    process.platform !== "win32" && ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0
  );
}
