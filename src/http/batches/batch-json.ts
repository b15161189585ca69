/** Batches as HTTP shows them: as of tasks, a contract with other programs, so every member is named here. */
import type { Batch, BatchDetail } from "../../task/doors/batch.ts";
import type { Pace } from "../../task/time/pace.ts";

export function batchJson(batch: Batch) {
  return {
    id: batch.id,
    title: batch.title,
    key: batch.key,
    enqueuedBy: batch.enqueuedBy,
    createdAt: batch.createdAt,
    total: batch.total,
    skipped: batch.skipped,
    states: batch.states,
    retrying: batch.retrying,
    progress: batch.progress,
    complete: batch.complete,
    pace: paceJson(batch.pace),
  };
}

const paceJson = ({ finishedLastMinute, perSecond, etaSeconds, stalled }: Pace) => ({
  finishedLastMinute,
  perSecond,
  etaSeconds,
  stalled,
});

export function batchDetailJson(batch: BatchDetail) {
  return {
    ...batchJson(batch),
    completedAt: batch.completedAt,
    errors: batch.errors.map(({ taskId, title, state, attempt, at, message }) => ({
      taskId,
      title,
      state,
      attempt,
      at,
      message,
    })),
  };
}
