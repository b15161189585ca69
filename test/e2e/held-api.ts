/**
 * A server that answers only when the test lets it, and the handler whose tasks call it: for what happens to tasks of any
 * kind while they run. Which answers the Fiscaut API has is `fiscaut-api/stand-in.ts`'s affair.
 */
import { type HandlerFiles, makeHandlerFiles } from "../handlers/handler-files.ts";

export interface HeldApi {
  /** FISCAUT_TASKS_HANDLERS, where the handler is. */
  env: Record<string, string>;
  /** What the payloads say of the calls that arrived, in their order. */
  arrived: string[];
  /** The most calls of one payload that were under way at once. */
  mostAtOnce(): number;
  /** Answers all calls, those to come too. */
  release(): void;
  stop(): Promise<void>;
}

/** The handler's name. */
export const heldCall = "held.call";

/** A payload of it; `what` tells one from another in `arrived`. */
export const call = (what: string) => ({ what });

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
      const { what } = (await request.json()) as { what: string };
      arrived.push(what);
      underWay.set(what, (underWay.get(what) ?? 0) + 1);
      most = Math.max(most, underWay.get(what) ?? 0);
      await gate.promise;
      underWay.set(what, (underWay.get(what) ?? 0) - 1);
      return Response.json({ what }, { status: 201 });
    },
  });
  const files = makeHandlerFiles();
  defineHeldCall(files, `http://127.0.0.1:${server.port}`);
  return {
    env: { FISCAUT_TASKS_HANDLERS: files.dir },
    arrived,
    mostAtOnce: () => most,
    release: gate.resolve,
    async stop() {
      files.remove();
      await server.stop(true);
    },
  };
}

function defineHeldCall(files: HandlerFiles, url: string): void {
  files.define(
    "held-call.ts",
    `name: ${JSON.stringify(heldCall)}, payload: z.object({ what: z.string() }),
    async run(payload, { signal }) {
      const answer = await fetch(${JSON.stringify(url)}, { method: "POST", body: JSON.stringify(payload), signal });
      return await answer.json();
    }`,
  );
}
