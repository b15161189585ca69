/** The flags of settings on a command, and their values on the way to the configuration. */
import { type SettingKey, settingOf } from "../../config/settings/settings.ts";
import { yesOrNo } from "../../config/value-kinds.ts";
import type { OfferingArg } from "../tree/declare.ts";
import { repeated } from "./arguments.ts";

export const envFileFlag = "env-file";

/** Flags that every command takes: `--config`, `--env-file`, the common settings, and `keys`. */
export function settingFlags(...keys: SettingKey[]): Record<string, OfferingArg> {
  return {
    ...Object.fromEntries(
      keys.concat("data-dir", "log-level", "log-format").map((key) => [key, describe(key)]),
    ),
    config: {
      type: "string",
      description: "Configuration file, instead of the usual places",
      valueHint: "path",
      path: "file",
    },
    [envFileFlag]: {
      type: "string",
      description: "File of VARIABLE=value lines, which win over the environment",
      valueHint: "path",
      path: "file",
    },
  };
}

/** What `loadConfig` takes; citty keeps only the last of a repeated flag. */
export function givenFlags(args: Record<string, unknown>, rawArgs: string[]): Record<string, unknown> {
  return { ...args, queue: repeated(rawArgs, "queue") };
}

function describe(key: SettingKey): OfferingArg {
  const { kind, about, default: byDefault } = settingOf(key);
  const text = typeof byDefault === "string" ? byDefault : byDefault.text;
  const description = `${about} Default: ${text}.`.replaceAll("`", "");
  return kind === yesOrNo
    ? { type: "boolean", description }
    : {
        type: "string",
        description,
        valueHint: key,
        ...(kind.values && { values: kind.values }),
        ...(kind.path && { path: kind.path }),
      };
}
