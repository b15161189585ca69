/**
 * Says in words that a finished task can't live again because a live one has its key. Keeping keys unique is the
 * index's work and `enqueue-once.ts`'s.
 */
import { OperatorError } from "../../task/errors.ts";
import { driverCodeOf } from "../connection.ts";
import type { Sql } from "../sql.ts";

const uniqueViolation = "23505";

/**
 * For the catch of a statement that makes the finished task `id` live again.
 * @throws OperatorError "conflict" for a taken key, any other error as it is.
 */
export function refuseTakenKey(sql: Sql, id: number): (error: unknown) => Promise<never> {
  return async (error) => {
    if (driverCodeOf(error) !== uniqueViolation) throw error;
    const [holder] = await sql<{ id: number }[]>`
      select t.id from fiscaut_tasks.task_history h join fiscaut_tasks.task t on t.key = h.key
      where h.id = ${id} and t.key is not null`;
    if (holder === undefined)
      throw new OperatorError(
        "conflict",
        `task ${id} can't be retried: a live task had its key until just now`,
        {
          hint: "retry it again",
        },
      );
    throw new OperatorError(
      "conflict",
      `task ${id} can't be retried: task ${holder.id} is live and has its key`,
      {
        hint: `let ${holder.id} run, or cancel it first`,
      },
    );
  };
}

/** The same for a statement about many: what was done before it stays done. */
export function refuseTakenKeys(error: unknown): never {
  if (driverCodeOf(error) !== uniqueViolation) throw error;
  throw new OperatorError("conflict", "a task that was enqueued meanwhile has the key of one of these", {
    hint: "retry them again: those that are done are left out",
  });
}
