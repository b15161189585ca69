/** Acts on all tasks of one batch, by the bulk verbs, and deletes batches whole. How those walk is `bulk.ts`'s work. */
import type { BulkResult } from "../../task/doors/control-result.ts";
import { OperatorError } from "../../task/errors.ts";
import { findBatch } from "../batch.ts";
import type { Store } from "../connection.ts";
import type { BulkOptions } from "./bulk.ts";
import { cancelTasks } from "./cancel.ts";
import { deleteTasks } from "./delete.ts";
import { retryTasks } from "./retry.ts";

/**
 * Cancels its pending tasks and has its running ones aborted.
 * @returns undefined, as below: there is no such batch.
 */
export async function cancelBatch(
  store: Store,
  id: number,
  options?: BulkOptions,
): Promise<BulkResult | undefined> {
  if ((await findBatch(store, id)) === undefined) return undefined;
  return await cancelTasks(store, { batchId: id }, options);
}

/** Its failed tasks become pending again, as `retryTasks` has it; the batch is complete again when they are. */
export async function retryBatch(
  store: Store,
  id: number,
  options?: BulkOptions,
): Promise<BulkResult | undefined> {
  if ((await findBatch(store, id)) === undefined) return undefined;
  return await retryTasks(store, { batchId: id, state: "failed" }, options);
}

/**
 * Deletes its tasks, pending and finished, and then the batch; its key is free again. What was not done in time, or
 * was claimed meanwhile, is left, and so is the batch: `complete` is false then, and called again it goes on.
 * @throws OperatorError "conflict" when tasks of it run: nothing was deleted then.
 */
export async function deleteBatch(
  store: Store,
  id: number,
  options?: BulkOptions,
): Promise<BulkResult | undefined> {
  const batch = await findBatch(store, id);
  if (batch === undefined) return undefined;
  const { running } = batch.states;
  if (running > 0)
    throw new OperatorError(
      "conflict",
      `${running === 1 ? "a task" : `${running} tasks`} of batch ${id} ${running === 1 ? "is" : "are"} running`,
      { hint: "cancel the batch first, or wait until it is complete" },
    );
  const result = await deleteTasks(store, { batchId: id }, options);
  const deleted = result.complete && (await deleteEmpty(store, id));
  return { ...result, complete: deleted };
}

async function deleteEmpty({ sql }: Store, id: number): Promise<boolean> {
  const rows = await sql`
    delete from fiscaut_tasks.batch
    where id = ${id}
      and not exists (select 1 from fiscaut_tasks.task where batch_id = ${id})
      and not exists (select 1 from fiscaut_tasks.task_history where batch_id = ${id})
    returning 1`;
  return rows.length > 0;
}
