/** What every command does first: load the configuration from this process's surroundings, and open the log. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { readEnvFile } from "../config/env-file.ts";
import { type ConfigSources, type LoadedConfig, loadConfig } from "../config/load.ts";
import { secretsOf } from "../config/show.ts";
import { type LogFile, openLogFile } from "../log/log-file.ts";
import { allowsColour, createLogger, type LeveledLogger } from "../log/logger.ts";
import { stderr } from "../log/sync-stream.ts";
import { buildInfo } from "./build-info.ts";
import { envFileFlag, givenFlags } from "./input/setting-flags.ts";
import { redact } from "./redact.ts";

export interface Prepared extends LoadedConfig {
  logger: LeveledLogger;
  /** Where `logger` writes, unless it is standard error. */
  logFile: LogFile | undefined;
  /** For what the embedded Postgres and the migrations do on the way. */
  onStep: (step: string) => void;
}

export interface GivenWords {
  args: Record<string, unknown>;
  rawArgs: string[];
}

/**
 * @param toFile log to the file that the configuration names, if any; commands talk to whoever has called them.
 * @throws OperatorError with every fault of the configuration.
 */
export function prepare(context: GivenWords, { toFile = false } = {}): Prepared {
  const loaded = loadConfig(configSources(context));
  const { config } = loaded;
  redact.hide(...secretsOf(config));
  const logFile =
    toFile && config.logFile !== undefined
      ? openLogFile({
          path: config.logFile,
          maxBytes: config.logMaxBytes,
          maxAgeMs: config.logMaxAgeMs,
          keep: config.logKeep,
          fallback: stderr,
        })
      : undefined;
  const logger = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    stream: logFile ?? stderr,
    colour: allowsColour(process.env),
    redact,
  });
  return { ...loaded, logger, logFile, onStep: (step) => logger.debug(step) };
}

/** Where this process takes its configuration from. */
export function configSources(context: GivenWords): ConfigSources {
  const envFile = context.args[envFileFlag];
  // As if the process had been started with them: the operator's programs see those that are no secrets.
  if (typeof envFile === "string") Object.assign(process.env, readEnvFile(resolve(envFile)));
  return {
    flags: givenFlags(context.args, context.rawArgs),
    env: process.env,
    platform: process.platform,
    home: homeFolder(),
    isRoot: process.getuid?.() === 0,
    currentFolder: process.cwd(),
    executableFolder: buildInfo.target === "source" ? undefined : dirname(process.execPath),
    readFile: (path) => readFileSync(path, "utf8"),
  };
}

/** A service may run without HOME, and as a user that /etc/passwd does not list. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}
