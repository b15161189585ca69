/**
 * What a handler is, and the registry of those that this worker has. Running one is the engine's work.
 */
import { parseBackoff } from "../task/time/backoff.ts";
import type { HandlerContext } from "./context.ts";
import { createPayloadCheck, type PayloadSchema } from "./payload.ts";

export interface Handler<Payload = unknown> {
  readonly name: string;
  /** Checked before each run and, where this executable knows the handler, already at enqueue. */
  readonly payload: PayloadSchema<Payload>;
  /** Where the task gives none. Undefined: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** The wait after an error, as `task/time/backoff.ts` reads it; where the task gives none. Undefined: `django`. */
  readonly backoff?: string | undefined;
  /** To be run in a process of its own. */
  readonly isolate?: boolean | undefined;
  /** The operator's file that it comes from, absolute. Undefined: it is built in. */
  readonly file?: string | undefined;
  /**
   * May run more than once for one task (at-least-once): a repeat must do no harm.
   * What it returns is the task's result, as JSON. What it throws is the attempt's error: see `PermanentError`,
   * `RetryAfter` and `Snooze`.
   */
  run(payload: Payload, context: HandlerContext): Promise<unknown>;
}

/** Keeps the payload's type inside; the registry holds handlers of all kinds. */
export function defineHandler<Payload>(handler: Handler<Payload>): Handler {
  return handler as Handler;
}

export class HandlerRegistry {
  readonly #handlers = new Map<string, Handler>();

  constructor(handlers: Iterable<Handler>) {
    for (const handler of handlers) {
      if (this.#handlers.has(handler.name)) throw new Error(`two handlers are named ${handler.name}`);
      if (handler.backoff !== undefined) parseBackoff(handler.backoff);
      this.#handlers.set(handler.name, handler);
    }
  }

  get(name: string): Handler | undefined {
    return this.#handlers.get(name);
  }

  /** By the schemas of these handlers; a name that only another worker has a handler for passes. */
  readonly checkPayloads = createPayloadCheck((name) => this.#handlers.get(name)?.payload);

  get all(): Handler[] {
    return [...this.#handlers.values()];
  }

  /** The names that this worker may claim. */
  get names(): string[] {
    return [...this.#handlers.keys()];
  }
}
