/** `config check [FILE]`: every fault of the configuration, with its place. What is one, `config/` says. */
import { defineCommand } from "citty";
import type { Fault } from "../../../config/faults.ts";
import { type ConfigSources, type ExaminedConfig, examineConfig } from "../../../config/load.ts";
import { settingKeys, settingOf } from "../../../config/settings/settings.ts";
import { stderr } from "../../../log/sync-stream.ts";
import { OperatorError } from "../../../task/errors.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine } from "../../output/print.ts";
import { findHandlersDir } from "../../own-handlers.ts";
import { configSources } from "../../prepare.ts";

export const checkCommand = defineCommand({
  meta: {
    name: "config check",
    description: "Tell every fault of the configuration; 78 when there is one",
    examples: ["fiscaut-tasks config check", "fiscaut-tasks config check ./fiscaut-tasks.toml"],
  },
  args: {
    file: {
      type: "positional",
      required: false,
      description: "The file to check (default: the one that is in use)",
      path: "file",
    },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags(),
  },
  run(context): ExitCode {
    const { file: named, config } = context.args;
    if (named !== undefined && config !== undefined)
      throw new OperatorError("usage", "FILE and --config exclude each other");
    const given = configSources(context);
    const sources = { ...given, flags: { ...given.flags, config: named ?? config } };
    const { file, faults } = examine(sources);
    const code = faults.length > 0 ? exitCodes.config : exitCodes.ok;
    if (context.args.json) {
      printJson({ file: file ?? null, faults: faults.map(toJson) });
      return code;
    }
    for (const { source, message, hint } of faults)
      stderr.write(`${source}: ${message}${hint === undefined ? "" : `\n  Try: ${hint}`}\n`);
    if (faults.length === 0) printLine(`all is right; configuration file: ${file ?? "none found"}`);
    return code;
  },
});

const toJson = ({ source, message, hint }: Fault) => ({ place: source, message, hint: hint ?? null });

/** As the worker would load it; then the file alone too, whose values a variable may hide today and not tomorrow. */
function examine(sources: ConfigSources): Pick<ExaminedConfig, "file" | "faults"> {
  const inUse = examineConfig(sources);
  const alone = examineConfig({ ...sources, env: withoutSettings(sources.env) });
  const faults = [...inUse.faults, ...folderFaults(inUse)];
  const hidden = alone.faults.filter(({ source }) => !faults.some((fault) => fault.source === source));
  return { file: inUse.file, faults: [...faults, ...hidden] };
}

/** Secrets stay: whether the file may leave loopback depends on the token. */
function withoutSettings(env: ConfigSources["env"]): ConfigSources["env"] {
  const hiding = new Set<string>(
    settingKeys.map(settingOf).flatMap(({ env, secret }) => (secret ? [] : [env])),
  );
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hiding.has(name)));
}

/** What only a look at the disk tells. */
function folderFaults({ loaded }: ExaminedConfig): Fault[] {
  if (loaded === undefined) return [];
  try {
    findHandlersDir(loaded);
    return [];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const source = loaded.origins.handlers.replace(/^\w+ /, "");
    const message = error.message.replace(`${source}: `, "");
    return [{ source, message, ...(error.hint !== undefined && { hint: error.hint }) }];
  }
}
