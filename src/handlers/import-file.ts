/**
 * Imports a TypeScript or JavaScript file of the operator's at run time, with "fiscaut-tasks" served to it, and says
 * where it is wrong. What its exports have to be is for the loaders: `load-handlers.ts`, `hooks/load-hooks.ts`.
 */
import { dirname } from "node:path";
import { messageOf } from "../task/thrown.ts";

/** The file can't be used; the message is for the operator and begins with the path, and the position if known. */
export class FileRefused extends Error {}

/** What waits longer at its top level, such as for a server, would hold up everything after it. */
const importLimitMs = 10_000;

let served = false;

/**
 * Once a thread and path: a changed file is read again only by another thread.
 * @param path absolute; computed, so the compiled executable reads it at run time.
 * @throws FileRefused, with line and column for what can't be parsed or what throws.
 */
export async function importFile(path: string, limitMs = importLimitMs): Promise<Record<string, unknown>> {
  if (!(await Bun.file(path).exists())) throw new FileRefused(`${path} does not exist`);
  serveSdk();
  const { promise: timeUp, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new FileRefused(`${path}: its import did not end within ${limitMs} ms`)),
    limitMs,
  );
  try {
    return await Promise.race([import(path), timeUp]);
  } catch (error) {
    throw error instanceof FileRefused ? error : new FileRefused(describeImportError(path, error));
  } finally {
    clearTimeout(timer);
  }
}

function serveSdk(): void {
  if (served) return;
  served = true;
  Bun.plugin({
    name: "fiscaut-tasks",
    setup(build) {
      // Only for who imports it: all of zod is in it.
      build.module("fiscaut-tasks", async () => ({
        loader: "object",
        exports: { ...(await import("./sdk.ts")) },
      }));
    },
  });
}

/** Bun's errors of the parser have a position, several at once come as one AggregateError; of others the stack tells. */
function describeImportError(path: string, error: unknown): string {
  const [first = error] = error instanceof AggregateError ? error.errors : [];
  const message = messageOf(first);
  const at = positionOf(first) ?? thrownAt(dirname(path), first);
  return `${at === undefined ? path : `${at.file ?? path}:${at.line}:${at.column}`}: ${message}`;
}

interface Position {
  file?: string;
  line: number | string;
  column: number | string;
}

function positionOf(error: unknown): Position | undefined {
  if (typeof error !== "object" || error === null || !("position" in error)) return undefined;
  return (error.position as Position | null) ?? undefined;
}

/** The innermost frame in `folder` or below: the operator's own code rather than what it has called. */
function thrownAt(folder: string, error: unknown): Position | undefined {
  if (!(error instanceof Error)) return undefined;
  for (const frame of error.stack?.split("\n") ?? []) {
    const [, file, line, column] = /^\s+at (?:.*\()?(.+):(\d+):(\d+)\)?$/.exec(frame) ?? [];
    if (file?.startsWith(folder) && line !== undefined && column !== undefined) return { file, line, column };
  }
  return undefined;
}
