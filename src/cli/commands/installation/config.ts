/** `config show`: every setting, its value and where it comes from; secrets are never shown. `init` and `check` are beside. */
import { defineCommand } from "citty";
import { showConfig } from "../../../config/show.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine, printTable } from "../../output/print.ts";
import { prepare } from "../../prepare.ts";
import { checkCommand } from "./config-check.ts";
import { initCommand } from "./config-init.ts";

const showCommand = defineCommand({
  meta: {
    name: "config show",
    description: "Show every setting in force and where it comes from",
    examples: [
      "fiscaut-tasks config show",
      "fiscaut-tasks config show --config /etc/fiscaut-tasks/fiscaut-tasks.toml",
    ],
  },
  args: { json: { type: "boolean", description: "Print JSON" }, ...settingFlags() },
  run(context) {
    const loaded = prepare(context);
    const settings = showConfig(loaded);
    if (context.args.json) {
      printJson({
        file: loaded.file ?? null,
        settings: settings.map(({ key, value, origin }) => ({ key, value, origin })),
      });
      return;
    }
    printTable(settings.map(({ key, text, origin }) => ({ setting: key, value: text, origin })));
    printLine(`\nconfiguration file: ${loaded.file ?? "none found"}`);
  },
});

export const configCommand = defineCommand({
  meta: {
    name: "config",
    description: "Begin, check and show the configuration",
    examples: ["fiscaut-tasks config init", "fiscaut-tasks config check", "fiscaut-tasks config show"],
  },
  subCommands: { init: initCommand, check: checkCommand, show: showCommand },
});
