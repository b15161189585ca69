/** The insert of tasks without a key: what is told of them, and what they wait for, is its callers' affair. */
import type { StorableTask } from "../../task/doors/new-task.ts";
import type { Sql } from "../sql.ts";
import { insertChunkStatement, insertParameters, insertStatement } from "../task-columns.ts";

export interface InsertedRow {
  id: number;
  run_at: string;
}

/** In the order of `tasks`, and so are their ids. Without a word to workers: the caller announces after its commit. */
export function insertTasks(sql: Sql, tasks: readonly StorableTask[], batchId: number | null) {
  const parameters = [batchId, ...insertParameters(tasks)];
  return sql.unsafe<InsertedRow[]>(insertStatement, parameters, { prepare: true });
}

/** The same of a batch's, without their rows, which cost as much to read as all else that is done here. */
export async function insertChunk(sql: Sql, parameters: readonly string[], batchId: number): Promise<void> {
  await sql.unsafe(insertChunkStatement, [batchId, ...parameters], { prepare: true });
}
