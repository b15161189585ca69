/** One of `life.test.ts`' random histories under way, and what a step of it is. The steps are in `life-steps.ts`. */
import type { Completion } from "../../../src/store/attempt/complete.ts";
import type { Store } from "../../../src/store/connection.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";
import type { Execution, TaskModel } from "./task-model.ts";

/** One history under way. */
export interface Life {
  store: Store;
  model: TaskModel;
  /** Started, and nobody has told what they came to. */
  untold: { execution: Execution; claimed: ClaimedTask }[];
  /** The newest first: what was told once may be told again, because the answer was lost. */
  told: { execution: Execution; completion: Completion }[];
}

export interface Step {
  name: string;
  run(life: Life): Promise<void>;
}

export const leaseMs = 10_000;

export const step = (name: string, run: Step["run"]): Step => ({ name, run });
/** Picks one of what there is by a number that shrinks to the first. */
export const pick = <Item>(items: readonly Item[], index: number): Item | undefined =>
  items[index % Math.max(1, items.length)];
export const workerOf = ({ model }: Life, index: number) => pick([...model.leases.keys()], index);
export const taskOf = ({ model }: Life, index: number) => pick([...model.tasks.keys()], index);
