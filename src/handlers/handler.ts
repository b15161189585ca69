/**
 * What a handler is, and the registry of those that this worker has. Running one is the engine's work.
 */
import type { z } from "zod";
import { parseBackoff } from "../task/backoff.ts";
import { OperatorError } from "../task/errors.ts";
import { describeIssues } from "../task/new-task.ts";
import type { HandlerContext } from "./context.ts";

export interface Handler<Payload = unknown> {
  readonly name: string;
  /** Checked before each run and, where this executable knows the handler, already at enqueue. */
  readonly payload: z.ZodType<Payload>;
  /** Where the task gives none. Undefined: as long as it takes. */
  readonly timeoutMs?: number;
  /** The wait after an error, as `task/backoff.ts` reads it; where the task gives none. Undefined: `django`. */
  readonly backoff?: string;
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

  /**
   * A name that only another worker has a handler for passes unchecked.
   * @throws OperatorError "usage"
   */
  checkPayload(name: string, payload: unknown): void {
    const parsed = this.#handlers.get(name)?.payload.safeParse(payload);
    if (parsed?.success === false)
      throw new OperatorError("usage", `the payload is not ${name}'s: ${describeIssues(parsed.error)}`);
  }

  /** The names that this worker may claim. */
  get names(): string[] {
    return [...this.#handlers.keys()];
  }
}
