/**
 * What a task waits for before it runs: other tasks, and whole batches. When it is released, or fails because one of
 * them did, is the store's affair (`release.ts`).
 */
import { z } from "zod";
import { once } from "../once.ts";

/**
 * fail: should one of them not succeed, the task fails without a run (the default). ignore: it runs once all have
 * finished, however they did.
 */
export const failureRules = ["fail", "ignore"] as const;
export type FailureRule = (typeof failureRules)[number];
export const defaultFailureRule: FailureRule = "fail";

export const maxAfterTasks = 1000;
export const maxAfterBatches = 100;

/** As it is stored, shown, and given to the handler. */
export interface After {
  /** Ids; they have succeeded when these tasks have. */
  tasks: number[];
  /** Ids; one has succeeded when no task of it is live and none has failed or was cancelled. */
  batches: number[];
  onFailure: FailureRule;
}

/** As a caller writes it; a plain list names tasks. */
export type NewAfter =
  | number[]
  | {
      tasks?: number[] | undefined;
      batches?: number[] | undefined;
      onFailure?: FailureRule | undefined;
    };

const ids = (what: string, most: number) =>
  z
    .array(z.int().positive())
    .max(most, `more than ${most} ${what}`)
    .default([])
    .transform((all) => [...new Set(all)]);

const waits = () =>
  z
    .strictObject({
      tasks: ids("tasks", maxAfterTasks),
      batches: ids("batches", maxAfterBatches),
      onFailure: z.enum(failureRules).default(defaultFailureRule),
    })
    .refine(({ tasks, batches }) => tasks.length + batches.length > 0, "names neither a task nor a batch");

/** Not a union of the two forms: of that zod would only say that neither fits. */
export const afterSchema = once((): z.ZodType<After, NewAfter> => {
  const toObject = (given: unknown) => (Array.isArray(given) ? { tasks: given } : given);
  return z.preprocess(toObject, waits()) as unknown as z.ZodType<After, NewAfter>;
});
