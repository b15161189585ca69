/** How long finished tasks are kept, and what a prune drops. Dropping it is `store/history/prune.ts`'s work. */
import type { FinishedState } from "./task.ts";

/** How long finished tasks are kept at least, ms by state; Infinity keeps them for ever. A week later they are gone. */
export type Retention = Readonly<Record<FinishedState, number>>;

/** One week of one state. */
export interface Partition {
  name: string;
  state: FinishedState;
  /** `finished_at` from here, ISO 8601. */
  from: string;
  /** And up to here, not included. */
  to: string;
}

/** A partition of which every row is older than its retention. */
export interface PrunedPartition extends Partition {
  /** As the statistics have it: about. */
  rows: number;
  bytes: number;
}
