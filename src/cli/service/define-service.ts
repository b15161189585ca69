/**
 * Puts a service's definition together from the flags and from what the configuration says. How a manager is told it is
 * `src/service/`'s affair.
 */
import { existsSync, readFileSync } from "node:fs";
import { posix, win32 } from "node:path";
import { type ArgsDef, parseArgs } from "citty";
import { readEnvFile } from "../../config/env-file.ts";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { secretVariables } from "../../config/settings/settings.ts";
import {
  defaultServiceName,
  type SecretFile,
  type ServiceDefinition,
  serviceDescription,
  serviceTitle,
} from "../../service/definition.ts";
import { type Platform, thisMachine } from "../../service/machine.ts";
import { OperatorError } from "../../task/errors.ts";
import { runCommand } from "../commands/worker/run.ts";
import { checkArguments, repeated } from "../input/arguments.ts";
import { givenFlags } from "../input/setting-flags.ts";

/** The flags that say what the service is. */
export const definitionFlags = {
  user: {
    type: "string",
    description: `Account that it runs as; without it on Linux ${defaultServiceName}, made when missing`,
    valueHint: "account",
  },
  "env-file": {
    type: "string",
    description: "File of VARIABLE=value lines for the worker, secrets among them",
    valueHint: "path",
  },
  config: { type: "string", description: "Configuration file of the worker", valueHint: "path" },
  "secret-file": {
    type: "string",
    description: "A file that holds one secret, such as FISCAUT_API_KEY_FILE=/etc/key; may be repeated",
    valueHint: "VARIABLE=path",
  },
  executable: {
    type: "string",
    description: "The executable, when it is not this one",
    valueHint: "path",
  },
  "run-flags...": { type: "positional", required: false, description: "After --: further flags of run" },
} as const;

export interface DefinitionContext {
  args: Record<string, unknown>;
  rawArgs: string[];
}

/**
 * @param mustExist whether the files that are named have to be there: not for a service that is only printed.
 * @throws OperatorError for what is wrong with flags or, where it is this machine's, with the configuration.
 */
export function defineService(
  context: DefinitionContext,
  { name, platform, mustExist }: { name: string; platform: Platform; mustExist: boolean },
): ServiceDefinition {
  const { args } = context;
  const paths = platform === "win32" ? win32 : posix;
  const isHere = platform === thisMachine.platform;
  const absolute = (flag: string): string | undefined => {
    const given = args[flag] as string | undefined;
    if (given === undefined) return undefined;
    rejectControl(`--${flag}`, given);
    const path = isHere ? paths.resolve(given) : given;
    if (!paths.isAbsolute(path))
      throw new OperatorError(
        "usage",
        `--${flag}: "${given}" is not an absolute path of ${platformWord(platform)}`,
      );
    if (mustExist && !existsSync(path)) throw new OperatorError("usage", `--${flag}: ${path} does not exist`);
    return path;
  };
  const envFile = absolute("env-file");
  const configFile = absolute("config");
  const executable = absolute("executable") ?? ownExecutable(platform);
  const secretFiles = repeated(flagsOf(context.rawArgs), "secret-file").map((text) =>
    readSecretFile(text, paths.isAbsolute),
  );
  const runFlags = readRunFlags(context);
  const loaded = load({ platform, envFile, configFile, secretFiles, runFlags });
  const dataFolder = loaded.config.dataDir;
  const usedConfig = configFile ?? loaded.file;
  return {
    platform,
    name,
    title: name === defaultServiceName ? serviceTitle : `${serviceTitle} (${name})`,
    description: serviceDescription,
    executable,
    words: [
      "run",
      ...(usedConfig === undefined ? [] : ["--config", usedConfig]),
      // Its default is another one for another user.
      ...(loaded.origins["data-dir"] === "default" ? ["--data-dir", dataFolder] : []),
      ...runFlags,
    ],
    user: (args["user"] as string | undefined) ?? (platform === "linux" ? defaultServiceName : undefined),
    envFile,
    configFile: usedConfig,
    secretFiles,
    dataFolder,
    logFolder: platform === "win32" ? win32.join(dataFolder, "logs") : posix.join("/var/log", name),
    logFile: loaded.config.logFile,
    workingFolder: platform === "win32" ? dataFolder : "/",
    drainTimeoutMs: loaded.config.drainTimeoutMs,
  };
}

/** Names files and keys of registries, and stands in units and confs. */
export function readServiceName(given: unknown): string {
  const name = (given as string | undefined) ?? defaultServiceName;
  if (/^[A-Za-z0-9][\w.-]{0,79}$/.test(name)) return name;
  throw new OperatorError(
    "usage",
    `--name: "${name}" has other characters than letters, digits, ".", "_" and "-"`,
  );
}

const platformWord = (platform: Platform) => (platform === "win32" ? "Windows" : "Linux");

function ownExecutable(platform: Platform): string {
  if (platform === thisMachine.platform && Bun.isStandaloneExecutable) return process.execPath;
  return platform === "win32"
    ? "C:\\Program Files\\fiscaut-tasks\\fiscaut-tasks.exe"
    : "/usr/local/bin/fiscaut-tasks";
}

const flagsOf = (rawArgs: string[]) => {
  const end = rawArgs.indexOf("--");
  return end === -1 ? rawArgs : rawArgs.slice(0, end);
};

function readSecretFile(text: string, isAbsolute: (path: string) => boolean): SecretFile {
  const [, variable = "", path = ""] = /^([A-Z_]+)=(.*)$/s.exec(text) ?? [];
  const known = secretVariables.filter((name) => name.endsWith("_FILE"));
  if (!known.includes(variable) || !isAbsolute(path))
    throw new OperatorError("usage", `--secret-file: "${text}" is not VARIABLE=path, the path absolute`, {
      hint: `one of ${known.join(", ")}`,
    });
  rejectControl("--secret-file", path);
  return { variable, path };
}

/** @returns what stands behind `--`, held to the flags of `run`. */
function readRunFlags({ args, rawArgs }: DefinitionContext): string[] {
  const words = rawArgs.slice(flagsOf(rawArgs).length + 1);
  const stray = (args["_"] as string[])[0];
  if (stray !== undefined && words.length === 0)
    throw new OperatorError("usage", `"${stray}" is one word too many`, {
      hint: "flags of run stand after --",
    });
  for (const word of words) rejectControl("the flags of run", word);
  checkArguments(runCommand, words);
  const twice = ["config", "env-file"].find((flag) =>
    words.some((word) => word === `--${flag}` || word.startsWith(`--${flag}=`)),
  );
  if (twice !== undefined)
    throw new OperatorError("usage", `--${twice} stands after --`, { hint: `--${twice} before it` });
  return words;
}

/** A line break would begin another line of the unit or conf. */
function rejectControl(what: string, text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
  if (/[\u0000-\u001f\u007f]/.test(text))
    throw new OperatorError("usage", `${what}: a control character stands in it`);
}

interface ToLoad {
  platform: Platform;
  envFile: string | undefined;
  configFile: string | undefined;
  secretFiles: readonly SecretFile[];
  runFlags: string[];
}

/** The configuration that the service will find; for another machine's, what its flags and the defaults say. */
function load({ platform, envFile, configFile, secretFiles, runFlags }: ToLoad): LoadedConfig {
  const flags = givenFlags(parseArgs(runFlags, runCommand.args as ArgsDef), runFlags);
  const isHere =
    platform === thisMachine.platform &&
    [configFile, envFile].every((path) => path === undefined || existsSync(path));
  const common = { platform, home: "/", isRoot: true, currentFolder: platform === "win32" ? "C:\\" : "/" };
  if (!isHere)
    return loadConfig({
      ...common,
      flags,
      env: {},
      readFile: (path) => {
        throw Object.assign(new Error(path), { code: "ENOENT" });
      },
    });
  return loadConfig({
    ...common,
    flags: configFile === undefined ? flags : { ...flags, config: configFile },
    env: {
      ProgramData: process.env["ProgramData"],
      ...(envFile === undefined ? {} : readEnvFile(envFile)),
      ...Object.fromEntries(secretFiles.map(({ variable, path }) => [variable, path])),
    },
    readFile: (path) => readFileSync(path, "utf8"),
  });
}
