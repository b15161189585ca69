/**
 * Where an installation keeps its files when nothing else is said: the data folder and the configuration file,
 * by platform and user. Never the current folder: a service starts in any, and a stranger's file may lie there.
 */
import { posix, win32 } from "node:path";

/** What the configuration needs to know of the process; the caller takes it from `process`, tests make it up. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  home: string;
  isRoot: boolean;
  /** What a relative path in a flag or in the environment starts from. */
  currentFolder: string;
  /** The executable's folder, only when it is the compiled one: else it would be the runtime's. */
  executableFolder?: string | undefined;
  /** The file's text; throws as `fs.readFileSync` does. */
  readFile: (path: string) => string;
}

const product = "fiscaut-tasks";
const configFileName = `${product}.toml`;

export const pathsOf = (platform: NodeJS.Platform) => (platform === "win32" ? win32 : posix);

export function defaultDataFolder(at: Surroundings): string {
  if (at.platform === "win32") return programData(at);
  if (at.isRoot) return posix.join("/var/lib", product);
  return posix.join(baseFolder(at, "XDG_DATA_HOME", ".local/share"), product);
}

/** @returns undefined where neither is at hand: run from its sources, the executable is the runtime's. */
export function defaultHandlersFolder(at: Surroundings, configFile: string | undefined): string | undefined {
  const { dirname, join } = pathsOf(at.platform);
  const beside = configFile === undefined ? at.executableFolder : dirname(configFile);
  return beside === undefined ? undefined : join(beside, "handlers");
}

/** Where the configuration file is looked for, the first that exists wins. */
export function configFileCandidates(at: Surroundings): string[] {
  const { join } = pathsOf(at.platform);
  const beside = at.executableFolder === undefined ? [] : [join(at.executableFolder, configFileName)];
  return [...beside, join(configFolder(at), configFileName)];
}

function configFolder(at: Surroundings): string {
  if (at.platform === "win32") return programData(at);
  if (at.isRoot) return posix.join("/etc", product);
  return posix.join(baseFolder(at, "XDG_CONFIG_HOME", ".config"), product);
}

function programData({ env }: Surroundings): string {
  const { ProgramData, PROGRAMDATA } = env;
  return win32.join(ProgramData || PROGRAMDATA || "C:\\ProgramData", product);
}

/** The XDG base directory specification says that a relative path there is to be ignored. */
function baseFolder({ env, home }: Surroundings, name: string, underHome: string): string {
  const given = env[name];
  return given !== undefined && posix.isAbsolute(given) ? given : posix.join(home, underHome);
}
