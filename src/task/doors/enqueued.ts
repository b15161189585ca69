/** What came of an enqueue, as every door tells it. What may be enqueued is told by `new-task.ts`. */
import type { CheckedTask } from "./new-task.ts";

/**
 * created: it is a new row. replaced: so it is, and a pending one was cancelled for it. rescheduled: a pending one
 * was moved instead. skipped: a live one was left as it is.
 */
export type EnqueueOutcome = "created" | "replaced" | "rescheduled" | "skipped";

export interface EnqueuedTask {
  /** Of the new task or, when a live one has its key and no task was added, of that one. */
  id: number;
  runAt: Date;
  outcome: EnqueueOutcome;
}

/** Whether a task was added. */
export const isAdded = ({ outcome }: { outcome: EnqueueOutcome }) =>
  outcome === "created" || outcome === "replaced";

export interface NewBatch {
  title: string;
  /** How many records were left out, by reason. Read when `tasks` is exhausted. */
  skipped: Record<string, number>;
  /** The task that enqueues this batch, if one does: a repeated attempt of it finds the batch it has made. */
  enqueuedBy: number | null;
  /** Whoever enqueues it again finds it by this. Of a task's batches it tells one from the other. */
  key?: string | undefined;
  /**
   * Enqueued with the batch, not part of it: runs when no task of the batch is live any more, however they ended. Its
   * handler finds the batch in its task's `after`.
   */
  whenComplete?: CheckedTask | undefined;
}

export interface EnqueuedBatch {
  id: number;
  total: number;
  /** As the new batch's, and how many were not added because of their key. */
  skipped: Record<string, number>;
  /** false: it was there already, by its key or its `enqueuedBy`, and this call added nothing. */
  created: boolean;
}
