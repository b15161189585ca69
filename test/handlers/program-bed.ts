/** Programs as an operator writes them, in a folder of a test, and an attempt of a task that runs one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChildProcesses } from "../../src/handlers/child/child-processes.ts";
import type { EndLimits } from "../../src/handlers/child/end-of-child.ts";
import type { HandlerContext } from "../../src/handlers/context.ts";
import { programHandler } from "../../src/handlers/program.ts";

export interface Told {
  lines: string[];
  progress: [number, string | undefined][];
}

export interface Attempting extends Told {
  result: Promise<unknown>;
  abort(): void;
}

/** What an attempt of task 7, its third one, is given, as far as a handler without a store uses it. */
export function createContext(told: Told, signal: AbortSignal): HandlerContext {
  const given: Pick<HandlerContext, "signal" | "log" | "progress"> = {
    signal,
    log: (message) => told.lines.push(message),
    progress: (fraction, message) => told.progress.push([fraction, message]),
  };
  return {
    ...given,
    task: { id: 7, name: "program", queue: "slow", attempt: 3 },
  } as unknown as HandlerContext;
}

export function createProgramBed() {
  const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-programs-"));
  const environment = { PATH: process.env["PATH"] ?? "", TZ: "UTC" };
  const childrenWith = (limits?: EndLimits) =>
    new ChildProcesses({ environment, isolatedCommand: [], ...(limits && { limits }) });
  const children = childrenWith();
  return {
    folder,
    children,
    context: () => createContext({ lines: [], progress: [] }, new AbortController().signal),
    /** @returns its path. */
    write(name: string, text: string, mode = 0o755): string {
      const path = join(folder, name);
      writeFileSync(path, text, { mode });
      return path;
    },
    /** Runs a shell script as a handler. */
    attempt(script: string, payload: unknown = null, limits?: EndLimits): Attempting {
      const path = this.write("program.sh", `#!/bin/sh\n${script}\n`);
      const controller = new AbortController();
      const told: Told = { lines: [], progress: [] };
      const handler = programHandler(path, limits === undefined ? children : childrenWith(limits));
      return {
        ...told,
        result: handler.run(payload, createContext(told, controller.signal)),
        abort: () => controller.abort(new Error("aborted by the test")),
      };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Whether a process runs: one that waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
