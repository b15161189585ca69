/**
 * A server that answers only when the test lets it, and a handler that calls it: for what happens while tasks run. The
 * Fiscaut API's answers are `fiscaut-api/stand-in.ts`'s affair.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The name of tasks that call it. */
export const heldTask = "held";

export interface HeldApi {
  /** With the folder that has the handler. */
  env: Record<string, string>;
  /** What the tasks were for, one entry a call that arrived. */
  arrived: string[];
  /** The most calls for one thing that were under way at once. */
  mostAtOnce(): number;
  /** Answers all calls, those to come too. */
  release(): void;
  stop(): Promise<void>;
}

export function startHeldApi(): HeldApi {
  const gate = Promise.withResolvers<void>();
  const arrived: string[] = [];
  const underWay = new Map<string, number>();
  let most = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const what = await request.text();
      arrived.push(what);
      underWay.set(what, (underWay.get(what) ?? 0) + 1);
      most = Math.max(most, underWay.get(what) ?? 0);
      await gate.promise;
      underWay.set(what, (underWay.get(what) ?? 0) - 1);
      return new Response("done");
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-held-"));
  writeFileSync(
    join(folder, `${heldTask}.ts`),
    `import { defineHandler, z } from "fiscaut-tasks";
     export default defineHandler({
       payload: z.strictObject({ what: z.string() }),
       run: async ({ what }, { signal }) => (await fetch("${server.url}", { method: "POST", body: what, signal })).text(),
     });`,
  );
  return {
    env: { FISCAUT_TASKS_HANDLERS: folder },
    arrived,
    mostAtOnce: () => most,
    release: gate.resolve,
    async stop() {
      rmSync(folder, { recursive: true });
      await server.stop(true);
    },
  };
}

/** A payload of its tasks; `what` tells one from another in `arrived`. */
export const heldPayload = (what: string) => ({ what });
