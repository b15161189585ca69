/**
 * What a service is, whoever supervises it: which program with which arguments, whose account, which files. How a
 * manager is told so is its own folder's affair; where the values come from is `cli/service/`'s.
 */
import { posix, win32 } from "node:path";
import type { Platform } from "./machine.ts";

/** Paths are absolute and written as the service's own platform writes them, which need not be this machine's. */
export interface ServiceDefinition {
  readonly platform: Platform;
  /** Letters, digits, `.`, `_` and `-`: it names files, too. */
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  readonly description: string;
  readonly executable: string;
  /** From `run` on, without `--env-file`; see `wordsWithEnvFile`. */
  readonly words: readonly string[];
  /** The account that it runs as; undefined leaves that to the manager's usual one for services. */
  readonly user: string | undefined;
  /** `VARIABLE=value` lines, of which some may be secrets. */
  readonly envFile: string | undefined;
  readonly configFile: string | undefined;
  /** Files that hold a secret each, and the variable that tells the worker where: `FISCAUT_API_KEY_FILE`. */
  readonly secretFiles: readonly SecretFile[];
  readonly dataFolder: string;
  /** Where a manager that collects output itself puts it. */
  readonly logFolder: string;
  /** The worker's own log, where its configuration names one. */
  readonly logFile: string | undefined;
  readonly workingFolder: string;
  readonly drainTimeoutMs: number;
}

export interface SecretFile {
  readonly variable: string;
  readonly path: string;
}

export const defaultServiceName = "fiscaut-tasks";
export const serviceTitle = "Fiscaut tasks";
export const serviceDescription = "Background-task worker for the Fiscaut connector";

/**
 * How much longer than its drain a stop may take: 5 s for what ignores the abort, 3 s for its processes, 5 s for hooks,
 * and the embedded Postgres.
 */
export const stopMarginMs = 30_000;

/** How long a manager has to wait for a stop before it kills. */
export const stopTimeoutMs = ({ drainTimeoutMs }: ServiceDefinition) => drainTimeoutMs + stopMarginMs;

/** For a manager that reads no file of variables itself: the worker does. */
export const wordsWithEnvFile = ({ words, envFile }: ServiceDefinition): readonly string[] =>
  envFile === undefined ? words : [...words, "--env-file", envFile];

/** For a manager that collects no output, and reads no file of variables: the worker does both. */
export function wordsWithLogFile(service: ServiceDefinition): readonly string[] {
  const words = wordsWithEnvFile(service);
  return service.logFile === undefined ? [...words, "--log-file", ownLogFile(service)] : words;
}

/** Where the worker logs under such a manager. */
export const ownLogFile = (service: ServiceDefinition) => service.logFile ?? collectedLogFile(service);

/** Where a manager puts the output that it collects. */
export const collectedLogFile = ({ platform, logFolder, name }: ServiceDefinition) =>
  (platform === "win32" ? win32 : posix).join(logFolder, `${name}.log`);
