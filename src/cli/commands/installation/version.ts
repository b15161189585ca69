/** `version` and `--version`: what this executable is. */
import { defineCommand } from "citty";
import { buildInfo } from "../../build-info.ts";
import { printJson, printLine } from "../../output/print.ts";

export const versionCommand = defineCommand({
  meta: {
    name: "version",
    description: "Print version, commit, build date and target",
    examples: ["fiscaut-tasks version", "fiscaut-tasks version --json"],
  },
  args: { json: { type: "boolean", description: "Print JSON" } },
  run({ args }) {
    if (args.json) printJson(buildInfo);
    else printVersion();
  },
});

export function printVersion(): void {
  const { version, commit, builtAt, target } = buildInfo;
  printLine(`fiscaut-tasks ${version} (commit ${commit}, ${builtAt}, ${target})`);
}
