/**
 * What a batch is and how far it has come, as every door tells it, and the key that keeps a repeated call from doubling
 * it. Enqueuing one is told by `enqueued.ts`; the totals are counted by the store.
 */
import { z } from "zod";
import { OperatorError } from "../errors.ts";
import { once } from "../once.ts";
import type { TaskState } from "../task.ts";
import type { Pace } from "../time/pace.ts";
import { describeIssues } from "./new-task.ts";

export interface Batch {
  id: number;
  title: string;
  /** No other batch has it, as long as this one is kept. */
  key: string | null;
  /** The task that enqueued it. */
  enqueuedBy: number | null;
  createdAt: Date;
  /** How many tasks were added. */
  total: number;
  /** Left out before enqueuing, by reason. */
  skipped: Record<string, number>;
  /** Tasks by state; they add up to `total` until some are pruned or deleted. */
  states: Record<TaskState, number>;
  /** Pending tasks that already had an error. */
  retrying: number;
  /** 0 to 1: how much of `total` is neither pending nor running. */
  progress: number;
  complete: boolean;
  pace: Pace;
}

/** What costs more to find out than the totals do. */
export interface BatchDetail extends Batch {
  /** When its last task finished; null while it is not complete, and when its history was pruned. */
  completedAt: Date | null;
  /** The newest of its tasks that had an error, failed ones first: a sample. */
  errors: BatchError[];
}

export interface BatchError {
  taskId: number;
  title: string | null;
  state: TaskState;
  attempt: number;
  /** ISO 8601. */
  at: string;
  message: string;
}

/** So many errors are shown of a batch. */
export const sampledErrors = 5;

/** Keys made for tasks that enqueue batches begin with it, keys of callers may not. */
const taskKeyPrefix = "task:";

const textSchema = once(() =>
  z
    .string()
    .min(1, "is empty")
    .max(200, "is longer than 200 characters")
    .refine((text) => text.isWellFormed() && !text.includes("\u0000"), "holds a NUL or half a character"),
);
const keySchema = once(() =>
  textSchema().refine((text) => !text.startsWith(taskKeyPrefix), `may not begin with ${taskKeyPrefix}`),
);

/** @throws OperatorError "usage" */
export function checkBatchKey(key: unknown): string {
  return check("the batch's key", keySchema(), key);
}

/** @throws OperatorError "usage" */
export function checkBatchTitle(title: unknown): string {
  return check("the batch's title", textSchema(), title);
}

/** Where the caller gives none: its first task's name. */
export const defaultTitle = (firstName: string | undefined) => firstName ?? "no tasks";

/** Of a batch that a task enqueues: a repeated attempt finds it by this. `key` tells several of one task apart. */
export const keyOfTask = (taskId: number, key?: string) =>
  `${taskKeyPrefix}${taskId}${key === undefined ? "" : `:${key}`}`;

export interface BatchFilter {
  /** Only ids below this one: the cursor. */
  beforeId?: number | undefined;
}

/** One list shows no more: each batch's tasks are counted for it. */
export const maxBatchesListed = 100;
export const defaultBatchesListed = 20;
const listingSchema = once(() =>
  z.strictObject({
    beforeId: z.int().positive().optional(),
    limit: z.int().min(1).max(maxBatchesListed).default(defaultBatchesListed),
  }),
);

/** @throws OperatorError "usage", naming every fault. */
export function checkBatchListing(input: unknown): z.output<ReturnType<typeof listingSchema>> {
  const parsed = listingSchema().safeParse(input);
  if (!parsed.success) throw new OperatorError("usage", describeIssues(parsed.error));
  return parsed.data;
}

function check(what: string, schema: z.ZodType<string>, input: unknown): string {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new OperatorError("usage", `${what}: ${parsed.error.issues[0]?.message}`);
  return parsed.data;
}
