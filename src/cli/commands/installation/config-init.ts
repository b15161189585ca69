/** `config init [FILE]`: a configuration file to begin with. Its text is `config/template.ts`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { defineCommand } from "citty";
import { explainReadError } from "../../../config/faults.ts";
import { configFileCandidates } from "../../../config/folders.ts";
import { renderConfigTemplate } from "../../../config/template.ts";
import { OperatorError } from "../../../task/errors.ts";
import { codeOf } from "../../../task/thrown.ts";
import { printLine } from "../../output/print.ts";
import { configSources } from "../../prepare.ts";

export const initCommand = defineCommand({
  meta: {
    name: "config init",
    description: "Write a commented configuration file in which nothing is set yet",
    examples: ["fiscaut-tasks config init", "fiscaut-tasks config init ./fiscaut-tasks.toml"],
  },
  args: {
    file: {
      type: "positional",
      required: false,
      description: "Where (default: where it is looked for)",
      path: "file",
    },
  },
  run(context) {
    const { file } = context.args;
    // The last place, since the executable's own folder is seldom one to write into.
    const path = file === undefined ? configFileCandidates(configSources(context)).at(-1) : resolve(file);
    if (path === undefined || path === "") throw new OperatorError("usage", "no path is given");
    write(path);
    printLine(`${path} is written; only its owner can read it: give it to the user that runs the worker`);
  },
});

function write(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    // It may come to hold secrets. "wx": what is there already is never touched, whoever else writes at the same time.
    writeFileSync(path, renderConfigTemplate(), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (codeOf(error) === "EEXIST")
      throw new OperatorError("failed", `${path} is there already and was left alone`, {
        hint: "name another file, or move that one away",
      });
    const reason = explainReadError(error).replace("be read", "be written");
    throw new OperatorError("failed", `${path} ${reason}`, {
      hint: "name a file in a folder that you may write to",
    });
  }
}
