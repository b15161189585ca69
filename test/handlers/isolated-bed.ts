/** Handlers that are isolated, as an operator writes them, run without a worker or a store. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChildProcesses } from "../../src/handlers/child/child-processes.ts";
import type { EndLimits } from "../../src/handlers/child/end-of-child.ts";
import type { HandlerContext } from "../../src/handlers/context.ts";
import type { Handler } from "../../src/handlers/handler.ts";
import { loadHandlerFile } from "../../src/handlers/load-handlers.ts";
import { readPayload } from "../../src/handlers/payload.ts";
import { type Attempting, createContext, type Told } from "./program-bed.ts";

export const isolatedCommand = [
  process.execPath,
  join(import.meta.dir, "isolated-entry.ts"),
  "isolated-handler",
];

export function createIsolatedBed() {
  const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-isolated-"));
  const environment = { PATH: process.env["PATH"] ?? "" };
  let files = 0;

  /** @param body of its `run(payload, context)`. @param more properties of its definition. */
  async function load(body: string, more = "", limits?: EndLimits): Promise<Handler> {
    // A name of its own, since a file is imported once.
    const path = join(folder, `isolated-${++files}.ts`);
    writeFileSync(
      path,
      `import { defineHandler, PermanentError, RetryAfter, Snooze, z } from "fiscaut-tasks";
       export default defineHandler({ isolate: true, ${more} async run(payload: any, context: any) { ${body} } });`,
    );
    const options = { environment, isolatedCommand, ...(limits && { limits }) };
    return await loadHandlerFile(path, new ChildProcesses(options));
  }

  return {
    folder,
    load,
    /** Runs it as the engine does: with what its schema makes of the payload. */
    async attempt(
      handler: Handler,
      given: unknown = null,
      context: Partial<HandlerContext> = {},
    ): Promise<Attempting> {
      const controller = new AbortController();
      const told: Told = { lines: [], progress: [] };
      const payload = await readPayload(handler.payload, given);
      if ("fault" in payload) throw new Error(payload.fault);
      const result = handler.run(payload.value, { ...createContext(told, controller.signal), ...context });
      result.catch(() => {});
      return { ...told, result, abort: () => controller.abort(new Error("aborted by the test")) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
