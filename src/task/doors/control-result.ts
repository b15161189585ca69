/** What came of a control verb, on one task or on many, as every door tells it. The verbs are the store's, a file each. */
import type { TaskState } from "../task.ts";

/** "unchanged" tells the state in which the task can't be so treated. */
export type ControlResult =
  | { kind: "done"; state: TaskState | "deleted" }
  /** A running task was told to abort; its worker does so within a second. */
  | { kind: "requested" }
  | { kind: "unchanged"; state: TaskState }
  | { kind: "unknown" };

export interface BulkResult {
  total: number;
  /** By the state in which they were found. */
  states: Partial<Record<TaskState, number>>;
  /** false: the time was up before all were done; called again, the verb goes on with the rest. */
  complete: boolean;
}
