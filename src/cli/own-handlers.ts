/**
 * The folder of the operator's own handlers, and what commands other than `run` do with it: they load files in their
 * own process. The worker loads them in the handlers' thread, see `handler-thread.ts`.
 */
import { statSync } from "node:fs";
import { parse } from "node:path";
import type { LoadedConfig } from "../config/load.ts";
import { checkBuiltInPayloads } from "../handlers/built-in.ts";
import type { Handler } from "../handlers/handler.ts";
import { FileRefused } from "../handlers/import-file.ts";
import { listHandlerFiles, loadHandlerFile } from "../handlers/load-handlers.ts";
import { createPayloadCheck, type PayloadCheck } from "../handlers/payload.ts";
import { OperatorError } from "../task/errors.ts";
import type { Prepared } from "./prepare.ts";

/**
 * @returns its absolute path; undefined: there is none, and nobody has named one.
 * @throws OperatorError "config" for a named one that is no folder.
 */
export function findHandlersDir({ config, origins }: LoadedConfig): string | undefined {
  const dir = config.handlers;
  if (dir === undefined || statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return dir;
  if (origins.handlers === "default") return undefined;
  throw new OperatorError("config", `${origins.handlers.replace(/^\w+ /, "")}: there is no folder ${dir}`, {
    hint: "make it, or leave the setting out",
  });
}

/**
 * For commands that enqueue: by the built-in handlers and, where the folder has a file of the task's name, by that. A
 * file that is refused is told of and checks nothing; the worker's log tells it, too.
 */
export function checkPayloadsBy(prepared: Prepared): PayloadCheck {
  const dir = findHandlersDir(prepared);
  /** What was made of the files so far, by name: a batch is checked in many calls. */
  const loaded = new Map<string, Handler | undefined>();
  const unchecked = (why: string) => prepared.logger.warn(`the payload is not checked: ${why}`);

  async function load(folder: string, names: ReadonlySet<string>): Promise<void> {
    for (const name of names) loaded.set(name, undefined);
    const files = await listHandlerFiles(folder).catch((error: Error) => {
      unchecked(error.message);
      return [];
    });
    for (const file of files.filter((path) => names.has(parse(path).name)))
      try {
        const handler = await loadHandlerFile(file);
        loaded.set(handler.name, handler);
      } catch (error) {
        if (!(error instanceof FileRefused)) throw error;
        unchecked(error.message);
      }
  }

  return async (tasks) => {
    await checkBuiltInPayloads(tasks);
    if (dir === undefined) return;
    const names = new Set(tasks.map(({ name }) => name).filter((name) => !loaded.has(name)));
    if (names.size > 0) await load(dir, names);
    await createPayloadCheck((name) => loaded.get(name)?.payload)(tasks);
  };
}
