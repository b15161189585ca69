/** A made-up machine for the tests of the configuration: nothing of the real process shows through. */
import { type ConfigSources, loadConfig } from "../../src/config/load.ts";
import { OperatorError } from "../../src/task/errors.ts";

export interface MadeUp extends Partial<Omit<ConfigSources, "readFile">> {
  /** Text by path; or the fault that reading it gives. */
  files?: Record<string, string | { code: string }>;
}

export function surroundings({ files = {}, ...given }: MadeUp = {}): ConfigSources {
  return {
    flags: {},
    env: {},
    platform: "linux",
    home: "/home/ana",
    isRoot: false,
    currentFolder: "/somewhere",
    readFile(path) {
      const file = files[path] ?? { code: "ENOENT" };
      if (typeof file === "string") return file;
      throw Object.assign(new Error(`${file.code}: ${path}`), file);
    },
    ...given,
  };
}

export const load = (given: MadeUp = {}) => loadConfig(surroundings(given));

/** The error that loading ends with. */
export function faultOf(given: MadeUp): OperatorError {
  try {
    load(given);
  } catch (error) {
    if (error instanceof OperatorError) return error;
    throw error;
  }
  throw new Error("no fault was found");
}
