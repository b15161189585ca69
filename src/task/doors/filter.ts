/** Which tasks a list shows and a bulk verb takes, as every door has it. Their conditions in SQL are the store's. */
import { z } from "zod";
import { OperatorError } from "../errors.ts";
import { once } from "../once.ts";
import { type TaskState, taskStates } from "../task.ts";
import { describeIssues, queueNameSchema, taskNameSchema } from "./new-task.ts";

/** What a bulk cancel may be asked for; without a state it takes both. */
export const cancellableStates = ["pending", "running"] as const;

/** What a bulk retry may be asked for; without a state it takes the failed ones. */
export const retriableStates = ["pending", "failed", "cancelled"] as const;

/** What a bulk delete may be asked for; without a state it takes all of them. */
export const deletableStates = ["pending", "succeeded", "failed", "cancelled"] as const;

const taskFilterSchema = once(() =>
  z.strictObject({
    state: z.enum(taskStates).optional(),
    name: taskNameSchema().optional(),
    queue: queueNameSchema().optional(),
    batchId: z.int().positive().optional(),
    /** Only ids below this one: the cursor. */
    beforeId: z.int().positive().optional(),
  }),
);
export type TaskFilter = z.output<ReturnType<typeof taskFilterSchema>>;

const bulkFilterSchema = once(() =>
  taskFilterSchema()
    .omit({ beforeId: true })
    .extend({
      /** Only tasks that finished longer ago than this, by the database's clock. */
      olderThanMs: z.int().min(0).optional(),
    }),
);
/** Its state is one of those that the verb takes; undefined: those that it takes by default. */
export type BulkFilter = z.output<ReturnType<typeof bulkFilterSchema>>;

/** One list shows no more. */
export const maxListed = 500;
const listingSchema = once(() =>
  taskFilterSchema().extend({ limit: z.int().min(1).max(maxListed).default(50) }),
);

/** @throws OperatorError "usage", naming every fault. */
export function checkListing(input: unknown): z.output<ReturnType<typeof listingSchema>> {
  return check(listingSchema(), input);
}

/**
 * A filter at a door where all tasks have to be meant in so many words, `{ all: true }`.
 * @param states that the verb takes.
 * @throws OperatorError "usage", naming every fault.
 */
export function checkBulkFilter(input: unknown, states: readonly TaskState[]): BulkFilter {
  const schema = bulkFilterSchema().extend({
    state: z.enum(states).optional(),
    all: z.literal(true).optional(),
  });
  const { all, ...filter } = check(schema, input);
  const filtered = Object.values(filter).some((value) => value !== undefined);
  if (filtered && all) throw new OperatorError("usage", "all and a filter exclude each other");
  if (!filtered && !all)
    throw new OperatorError("usage", "neither a filter nor all is given", {
      hint: "filter by state, name, queue or batchId, or say { all: true }",
    });
  return filter;
}

function check<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new OperatorError("usage", describeIssues(parsed.error));
  return parsed.data;
}
