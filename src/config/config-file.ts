/**
 * Finds and parses `fiscaut-tasks.toml`: its keys are those of the settings, beside the `[schedule.NAME]` tables. What
 * the values mean is `value-kinds.ts`, and `schedules.ts`.
 */
import type { Fault } from "./faults.ts";
import { explainReadError } from "./faults.ts";
import { configFileCandidates, pathsOf, type Surroundings } from "./folders.ts";
import { nearest } from "./nearest.ts";
import { settingKeys } from "./settings/settings.ts";

export const configFlag = "config";
export const configVariable = "FISCAUT_TASKS_CONFIG";

/** Above it in the file: `[schedule.NAME]`. */
export const scheduleKey = "schedule";

export interface ConfigFile {
  path: string;
  values: Readonly<Record<string, unknown>>;
}

/**
 * The file that `--config` or `FISCAUT_TASKS_CONFIG` names, which then must exist; else the first that exists of
 * the places where it is looked for, if any. Adds what is wrong to `faults`.
 */
export function readConfigFile(named: unknown, at: Surroundings, faults: Fault[]): ConfigFile | undefined {
  if (named !== undefined) return readNamed(`--${configFlag}`, String(named), at, faults);
  const fromEnv = at.env[configVariable];
  if (fromEnv) return readNamed(configVariable, fromEnv, at, faults);
  for (const path of configFileCandidates(at)) {
    const text = readUnlessMissing(path, at, faults);
    if (text !== undefined) return parse(path, text, faults);
  }
  return undefined;
}

function readNamed(source: string, given: string, at: Surroundings, faults: Fault[]): ConfigFile | undefined {
  if (given === "") {
    faults.push({ source, message: "no path is given", isUsage: true });
    return undefined;
  }
  const path = pathsOf(at.platform).resolve(at.currentFolder, given);
  try {
    return parse(path, at.readFile(path), faults);
  } catch (error) {
    faults.push({ source, message: `${path} ${explainReadError(error)}` });
    return undefined;
  }
}

function readUnlessMissing(path: string, at: Surroundings, faults: Fault[]): string | undefined {
  try {
    return at.readFile(path);
  } catch (error) {
    const reason = explainReadError(error);
    if (reason !== "does not exist") faults.push({ source: path, message: reason });
    return undefined;
  }
}

function parse(path: string, text: string, faults: Fault[]): ConfigFile {
  const values = parseToml(text);
  if (values === undefined) {
    faults.push({
      source: path,
      message: `line ${faultyLine(text)} is not TOML; text needs quotes: key = "text"`,
    });
    return { path, values: {} };
  }
  for (const [key, value] of Object.entries(values)) {
    if ((settingKeys as string[]).includes(key) || key === scheduleKey) continue;
    const guess = nearest(key, settingKeys);
    const isTable = typeof value === "object" && value !== null && !Array.isArray(value);
    faults.push({
      source: `${path}:${key}`,
      message: isTable
        ? "is a table; settings are plain keys, without a [table] above them"
        : `is not a setting${guess === undefined ? "" : `; did you mean ${guess}?`}`,
    });
  }
  return { path, values };
}

/** The parser's own message is dropped: it repeats an unquoted value, which may be a secret. */
function parseToml(text: string): Record<string, unknown> | undefined {
  try {
    return Bun.TOML.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Where the fault begins, which Bun doesn't tell: the line after the longest beginning that can be parsed. */
function faultyLine(text: string): number {
  const lines = text.split("\n");
  for (let count = lines.length - 1; count > 0; count--)
    if (parseToml(lines.slice(0, count).join("\n")) !== undefined) return count + 1;
  return 1;
}
