/**
 * Puts the settings together: flags before environment before configuration file before default. Of each setting
 * the value that wins is validated; every fault is told at once. Only `cli/` calls this; nothing here touches `process`.
 */
import type { CheckedSchedule } from "../task/doors/schedule.ts";
import { type ConfigFile, configFlag, readConfigFile } from "./config-file.ts";
import { errorOf, explainReadError, type Fault, quote } from "./faults.ts";
import { pathsOf, type Surroundings } from "./folders.ts";
import { readSchedules } from "./schedules.ts";
import type { Setting } from "./settings/setting.ts";
import { type Config, type SettingKey, settingKeys, settingOf } from "./settings/settings.ts";
import { isLoopback, ValueFault } from "./value-kinds.ts";

/** Where a setting's value came from: `flag --port`, `environment X`, `file /path:port` or `default`. */
export type Origin = `flag ${string}` | `environment ${string}` | `file ${string}` | "default";

export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Readonly<Record<SettingKey, Origin>>;
  /** The configuration file that was read, if there is one. */
  readonly file: string | undefined;
  /** Those that the file defines. */
  readonly schedules: readonly CheckedSchedule[];
}

export interface ConfigSources extends Surroundings {
  /** By name without `--`, `config` among them; undefined or an empty list is "not given". Others are ignored. */
  flags: Readonly<Record<string, unknown>>;
}

/** A value on its way to being read. */
interface Given {
  raw: unknown;
  /** How a fault names it. */
  source: string;
  origin: Origin;
  /** Where a relative path starts from. */
  folder: string;
}

/** @throws OperatorError "usage" when only values of flags are wrong, else "config"; its message lists every fault. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const { loaded, faults } = examineConfig(sources);
  if (loaded === undefined) throw errorOf(faults);
  return loaded;
}

/** Every fault, and what was loaded, which is undefined when there is any. */
export interface ExaminedConfig {
  loaded: LoadedConfig | undefined;
  faults: readonly Fault[];
  /** The configuration file in use, also when there are faults in it. */
  file: string | undefined;
}

/** An empty environment variable counts as unset. A secret may stand in a file that `<VARIABLE>_FILE` names. */
export function examineConfig(sources: ConfigSources): ExaminedConfig {
  const faults: Fault[] = [];
  const file = readConfigFile(sources.flags[configFlag], sources, faults);
  const values: Record<string, unknown> = {};
  const origins: Partial<Record<SettingKey, Origin>> = {};
  const faulty = new Set<SettingKey>();
  for (const key of settingKeys) {
    const setting = settingOf(key);
    const count = faults.length;
    const given =
      fromFlag(key, setting, sources) ??
      fromEnvironment(setting, sources, faults) ??
      fromFile(key, file, sources);
    origins[key] = given?.origin ?? "default";
    values[setting.property] = given
      ? read(setting, given, sources, faults)
      : defaultOf(setting, sources, file?.path);
    if (faults.length > count) faulty.add(key);
  }
  const config = Object.freeze(values) as Config;
  if (!faulty.has("host") && !faulty.has("http-token")) checkExposure(config, origins.host, faults);
  const schedules = readSchedules(file, faults);
  const loaded: LoadedConfig = {
    config,
    origins: Object.freeze(origins) as LoadedConfig["origins"],
    file: file?.path,
    schedules,
  };
  return { loaded: faults.length === 0 ? loaded : undefined, faults, file: file?.path };
}

type AnySetting = Setting<keyof Config, unknown, unknown>;

function fromFlag(
  key: SettingKey,
  setting: AnySetting,
  { flags, currentFolder }: ConfigSources,
): Given | undefined {
  const raw = setting.flag ? flags[key] : undefined;
  if (raw === undefined || (Array.isArray(raw) && raw.length === 0)) return undefined;
  return { raw, source: `--${key}`, origin: `flag --${key}`, folder: currentFolder };
}

function fromEnvironment(setting: AnySetting, at: ConfigSources, faults: Fault[]): Given | undefined {
  const fileVariable = setting.secret ? `${setting.env}_FILE` : "";
  const raw = at.env[setting.env];
  const path = at.env[fileVariable];
  if (raw && path) {
    faults.push({ source: setting.env, message: `${fileVariable} is set too: set one of them` });
    return undefined;
  }
  if (raw)
    return { raw, source: setting.env, origin: `environment ${setting.env}`, folder: at.currentFolder };
  if (!path) return undefined;
  const text = readSecretFile(fileVariable, path, at, faults);
  return text === undefined
    ? undefined
    : { raw: text, source: fileVariable, origin: `environment ${fileVariable}`, folder: at.currentFolder };
}

/** Editors add a last line break, and some on Windows a byte order mark: neither is part of the secret. */
function readSecretFile(
  source: string,
  given: string,
  at: ConfigSources,
  faults: Fault[],
): string | undefined {
  const path = pathsOf(at.platform).resolve(at.currentFolder, given);
  try {
    const text = at
      .readFile(path)
      .replace(/^\uFEFF/, "")
      .replace(/[\r\n]+$/, "");
    if (text !== "") return text;
    faults.push({ source, message: `${path} is empty` });
  } catch (error) {
    faults.push({ source, message: `${path} ${explainReadError(error)}` });
  }
  return undefined;
}

function fromFile(
  key: SettingKey,
  file: ConfigFile | undefined,
  { platform }: ConfigSources,
): Given | undefined {
  if (file === undefined || !Object.hasOwn(file.values, key)) return undefined;
  const source = `${file.path}:${key}`;
  return {
    raw: file.values[key],
    source,
    origin: `file ${source}`,
    folder: pathsOf(platform).dirname(file.path),
  };
}

function read(setting: AnySetting, given: Given, at: ConfigSources, faults: Fault[]): unknown {
  const { resolve } = pathsOf(at.platform);
  // No shell expands the ~ of `--data-dir=~/x`, and none has seen the configuration file.
  const resolvePath = (path: string) => resolve(given.folder, path.replace(/^~(?=$|[/\\])/, at.home));
  try {
    return setting.kind.read(given.raw, resolvePath);
  } catch (error) {
    if (!(error instanceof ValueFault)) throw error;
    faults.push({
      source: given.source,
      message: `${quote(given.raw, setting.secret === true)} ${error.message}`,
      isUsage: given.origin.startsWith("flag "),
    });
    return undefined;
  }
}

function defaultOf(
  { kind, default: byDefault }: AnySetting,
  at: ConfigSources,
  file: string | undefined,
): unknown {
  return typeof byDefault === "string" ? kind.read(byDefault, (path) => path) : byDefault.compute(at, file);
}

/** Whoever reaches the HTTP server can enqueue and cancel, so it leaves loopback only with a token. */
function checkExposure({ host, httpToken }: Config, origin: Origin | undefined, faults: Fault[]): void {
  if (httpToken !== undefined || isLoopback(host)) return;
  faults.push({
    source: origin?.replace(/^\w+ /, "") ?? "host",
    message: `${quote(host, false)} lets other machines in, and no token is set`,
    hint: "set FISCAUT_TASKS_HTTP_TOKEN to 16 characters or more, or keep host 127.0.0.1",
  });
}
