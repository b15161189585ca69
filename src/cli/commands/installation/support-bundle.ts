/** `support-bundle [FILE]`: what a supporter asks for first, in one file. Its contents are `support/`'s. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineCommand } from "citty";
import { OperatorError } from "../../../task/errors.ts";
import { codeOf } from "../../../task/thrown.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printLine } from "../../output/print.ts";
import { configSources, prepare } from "../../prepare.ts";
import { makeBundle } from "../../support/bundle.ts";

export const supportBundleCommand = defineCommand({
  meta: {
    name: "support-bundle",
    description:
      "Write configuration, doctor, versions, queues, last errors and newest log lines into one text file, without secrets",
    examples: ["fiscaut-tasks support-bundle", "fiscaut-tasks support-bundle /tmp/support.txt"],
  },
  args: {
    file: {
      type: "positional",
      required: false,
      description: "Where (default: fiscaut-tasks-support-INSTANT.txt in the current folder)",
      path: "file",
    },
    ...settingFlags("host", "port", "handlers", "fiscaut-api-url", "fiscaut-timeout"),
  },
  async run(context) {
    const { file } = context.args;
    const path = resolve(typeof file === "string" ? file : `fiscaut-tasks-support-${stamp()}.txt`);
    write(path, await makeBundle(configSources(context), () => prepare(context)));
    printLine(`${path} is written: read it, then send it`);
  },
});

/** Without what Windows allows in no file's name. */
const stamp = () => new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "");

/** For its owner alone: errors may name people. */
function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const code = codeOf(error);
    throw new OperatorError(
      "failed",
      code === "EEXIST"
        ? `${path} is there already and was left alone`
        : `${path} can't be written (${code})`,
      { hint: "fiscaut-tasks support-bundle FILE, in a folder that you may write to" },
    );
  }
}
