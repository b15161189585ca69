/**
 * Loads the operator's own handlers, a file each, from their folder: what is wrong with one is told, and keeps the
 * others from nothing. How a file of one kind becomes a handler is that kind's affair.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../task/thrown.ts";
import { builtInNames } from "./built-in.ts";
import type { ChildProcesses } from "./child/child-processes.ts";
import type { FileKind } from "./file-kind.ts";
import type { Handler } from "./handler.ts";
import { FileRefused } from "./import-file.ts";
import { moduleFiles } from "./module-file.ts";
import { programFiles } from "./program-file.ts";

/** The first that takes a file loads it. */
const kinds: readonly FileKind[] = [moduleFiles, programFiles];

export interface HandlerFault {
  /** Absolute. */
  file: string;
  /** For the operator; begins with the file, and the position where it is known. */
  message: string;
}

export interface LoadedHandlers {
  /** By file name. */
  handlers: Handler[];
  faults: HandlerFault[];
}

export interface LoadOptions {
  /** Called before each file is loaded: what blocks the thread from then on is its top level. */
  onFile?: (path: string) => void;
  /** Files that are left out, and why. */
  skip?: readonly HandlerFault[];
  /** For handlers that run in processes of their own; without it, they are not to be run. */
  children?: ChildProcesses;
}

/**
 * One after the other, so that it is known which one blocks.
 * @param dir absolute.
 */
export async function loadHandlers(dir: string, options: LoadOptions = {}): Promise<LoadedHandlers> {
  const { onFile, skip = [], children } = options;
  const loaded: Handler[] = [];
  const faults: HandlerFault[] = [];
  for (const file of await listHandlerFiles(dir).catch((error) => refuseFolder(dir, error, faults))) {
    const skipped = skip.find((fault) => fault.file === file);
    if (skipped !== undefined) {
      faults.push(skipped);
      continue;
    }
    onFile?.(file);
    try {
      loaded.push(await loadHandlerFile(file, children));
    } catch (error) {
      if (!(error instanceof FileRefused)) throw error;
      faults.push({ file, message: error.message });
    }
  }
  return { handlers: loaded.filter((handler) => !refuseTwin(handler, loaded, faults)), faults };
}

/**
 * @param path absolute, of a file that `listHandlerFiles` has told or that the operator has named.
 * @throws FileRefused
 */
export async function loadHandlerFile(path: string, children?: ChildProcesses): Promise<Handler> {
  const kind = await kindOf(path);
  if (kind === undefined) throw new FileRefused(`${path}: is not a file that handlers are made of`);
  const handler = await kind.load(path, children);
  if (builtInNames.includes(handler.name))
    throw new FileRefused(`${path}: ${handler.name} is the name of a built-in handler: give it another`);
  return handler;
}

/**
 * What begins with `_` or `.` is for the others to import, as is what lies in folders.
 * @returns absolute paths, sorted.
 * @throws as `fs.readdir`
 */
export async function listHandlerFiles(dir: string): Promise<string[]> {
  const files: string[] = [];
  for (const name of (await readdir(dir)).sort()) {
    const path = join(dir, name);
    if (!/^[_.]/.test(name) && (await isFile(path)) && (await kindOf(path)) !== undefined) files.push(path);
  }
  return files;
}

async function kindOf(path: string): Promise<FileKind | undefined> {
  for (const kind of kinds) if (await kind.takes(path)) return kind;
  return undefined;
}

/** Follows links, as an operator who makes one expects. */
async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

/** Neither of two that share a name is taken: which one is meant can't be known. */
function refuseTwin(handler: Handler, loaded: Handler[], faults: HandlerFault[]): boolean {
  const twin = loaded.find((other) => other !== handler && other.name === handler.name);
  if (twin === undefined || handler.file === undefined) return false;
  const message = `${handler.file}: its handler is named ${handler.name}, as is that of ${twin.file}: rename one`;
  faults.push({ file: handler.file, message });
  return true;
}

function refuseFolder(dir: string, error: unknown, faults: HandlerFault[]): string[] {
  faults.push({ file: dir, message: `${dir}: ${messageOf(error)}` });
  return [];
}
