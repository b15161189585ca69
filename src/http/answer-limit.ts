/** Bounds how long a caller waits for its answer. What is done meanwhile is not ended: whether it was carried out is not known. */
import type { Context, MiddlewareHandler } from "hono";
import { unavailable } from "./problem.ts";

const restarts = new WeakMap<Request, () => void>();

/**
 * A database that hangs must not hold callers for ever, nor a caller whose body never ends the server.
 * @returns middleware that answers 503 after `limitMs`, counted anew from each `prolong`.
 */
export function limitAnswer(limitMs: number): MiddlewareHandler {
  return async (c, next) => {
    let timer: Timer | undefined;
    const timeUp = new Promise<never>((_, reject) => {
      const writes = c.req.method !== "GET" && c.req.method !== "HEAD";
      const cause = writes ? "the database hangs or the body came too slowly" : "the database hangs";
      const doubt = writes ? "; whether it was carried out is not known" : "";
      const start = (what: string) => {
        timer = setTimeout(
          () => reject(unavailable(`${what} within ${limitMs} ms, ${cause}${doubt}`)),
          limitMs,
        );
      };
      start("no answer");
      restarts.set(c.req.raw, () => {
        clearTimeout(timer);
        start("no progress");
      });
    });
    try {
      await Promise.race([next(), timeUp]);
    } finally {
      restarts.delete(c.req.raw);
      clearTimeout(timer);
    }
  };
}

/** For what may rightly take longer, as long as it goes on: call it at each step. */
export function prolong(c: Context): void {
  restarts.get(c.req.raw)?.();
}
