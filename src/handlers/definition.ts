/** A handler as its operator defines it, and what makes a `Handler` of it. Reading it from a file is `load-handlers.ts`. */
import { z } from "zod";
import { describeIssues, newTaskSchema, taskNameSchema } from "../task/doors/new-task.ts";
import { once } from "../task/once.ts";
import type { HandlerContext } from "./context.ts";
import type { Handler } from "./handler.ts";
import { anyPayload, isPayloadSchema, type OutputOf, type PayloadSchema } from "./payload.ts";

export interface HandlerDefinition<Schema extends PayloadSchema = PayloadSchema> {
  /** What its tasks are named. Left out: as the file, without its extension. */
  name?: string;
  /** A zod schema, or one of another library that has Standard Schema. Left out: any JSON. */
  payload?: Schema;
  /** How long an attempt may take, where the task does not say. Left out: as long as it takes. */
  timeoutMs?: number;
  /** The wait after an error, where the task does not say: `django`, `exponential:1s..1h`, `fixed:30s`; jitter `~10%`. */
  backoff?: string;
  /** Run it in a process of its own, which dies alone. */
  isolate?: boolean;
  /**
   * May be called more than once for one task: a repeat must do no harm. What it returns is the task's result, as JSON.
   * What it throws is the attempt's error; `PermanentError`, `RetryAfter` and `Snooze` say what is to follow.
   */
  run(payload: OutputOf<Schema>, context: HandlerContext): unknown;
}

/** What `defineHandler` gives back, to be exported as the file's default. */
export class DefinedHandler {
  /** Unchecked: a JavaScript file may hold anything. */
  readonly definition: unknown;

  constructor(definition: unknown) {
    this.definition = definition;
  }
}

/** Defines the handler of a file, which exports it as its default. */
export function defineHandler<Schema extends PayloadSchema = PayloadSchema<unknown>>(
  definition: HandlerDefinition<Schema>,
): DefinedHandler {
  return new DefinedHandler(definition);
}

const definitionSchema = once(() =>
  z.strictObject({
    name: taskNameSchema().optional(),
    payload: z
      .custom<PayloadSchema>(
        isPayloadSchema,
        "is no schema: use z.object({ ... }) or another Standard Schema",
      )
      .optional(),
    timeoutMs: newTaskSchema().shape.timeoutMs,
    backoff: newTaskSchema().shape.backoff,
    isolate: z.boolean().optional(),
    run: z.custom<HandlerDefinition["run"]>((value) => typeof value === "function", "is not a function"),
  }),
);

/**
 * @param byFile its name, where the definition gives none.
 * @returns what is wrong, in the operator's words, where it is no handler.
 */
export function readDefinition(
  { definition }: DefinedHandler,
  byFile: string,
): Omit<Handler, "file"> | string {
  const parsed = definitionSchema().safeParse(definition);
  if (!parsed.success) return describeIssues(parsed.error);
  const { payload = anyPayload, run, name = byFile, ...rest } = parsed.data;
  const named = taskNameSchema().safeParse(name);
  if (!named.success) return `${describeIssues(named.error)}: rename the file, or give defineHandler a name`;
  return { ...rest, name, payload, run: async (...called) => await run.call(definition, ...called) };
}
