/** What may still be changed of a pending task, by the rules of a new one. How it is stored is `store/control/change.ts`'s work. */
import { z } from "zod";
import { OperatorError } from "../errors.ts";
import { once } from "../once.ts";
import { checkNesting, checkPayload, describeIssues, newTaskSchema } from "./new-task.ts";

const taskChangeSchema = once(() => {
  const { payload, priority, delayMs, runAt } = newTaskSchema().shape;
  return z
    .strictObject({
      payload: payload.unwrap().optional(),
      priority: priority.unwrap().optional(),
      delayMs,
      runAt,
    })
    .refine(
      (change) => change.delayMs === undefined || change.runAt === undefined,
      "delayMs and runAt exclude each other",
    )
    .refine(
      (change) => Object.values(change).some((value) => value !== undefined),
      "nothing to change is given: payload, priority, delayMs or runAt",
    );
});

/** As callers write it. */
export type TaskChangeInput = z.input<ReturnType<typeof taskChangeSchema>>;
/** A member that is left out stays as it is. */
export type TaskChange = z.output<ReturnType<typeof taskChangeSchema>>;

/**
 * Checks a change at a door.
 * @throws OperatorError "usage", naming every fault.
 */
export function checkTaskChange(input: unknown): TaskChange {
  checkNesting(input);
  const parsed = taskChangeSchema().safeParse(input);
  if (!parsed.success) throw new OperatorError("usage", describeIssues(parsed.error));
  if (parsed.data.payload !== undefined) checkPayload(parsed.data.payload);
  return parsed.data;
}
