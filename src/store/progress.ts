/** Writes a running task's progress: no indexed column, so a heap-only update. */
import type { Progress } from "../task/task.ts";
import type { Store } from "./connection.ts";

/** Fenced as a completion is; a stale attempt's progress is dropped in silence. */
export async function writeProgress(
  store: Store,
  attempt: { id: number; attempt: number; workerId: number },
  progress: Progress,
): Promise<void> {
  await store.sql`
    update fiscaut_tasks.task set progress = ${JSON.stringify(progress)}::text::jsonb
    where id = ${attempt.id} and attempt = ${attempt.attempt} and worker_id = ${attempt.workerId}`;
}
