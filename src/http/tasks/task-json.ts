/**
 * Tasks as HTTP shows them: a contract with other programs, so every member is named here and none
 * appears because the store has one more. Instants become ISO 8601 in UTC when they are written as JSON.
 */
import type { Task, TaskSummary } from "../../task/task.ts";

/** One line of a list: without the payload, the result and the stacks, which may be large. */
export function taskSummary(task: TaskSummary) {
  const { error } = task;
  return {
    id: task.id,
    name: task.name,
    queue: task.queue,
    title: task.title,
    key: task.key,
    state: task.state,
    priority: task.priority,
    attempt: task.attempt,
    maxAttempts: task.maxAttempts,
    batchId: task.batchId,
    workerId: task.workerId,
    createdAt: task.createdAt,
    runAt: task.runAt,
    startedAt: task.startedAt,
    finishedAt: task.finishedAt,
    progress: task.progress,
    etaSeconds: task.etaSeconds,
    scheduleId: task.scheduleId,
    plannedAt: task.plannedAt,
    repeat: task.repeat,
    waiting: task.waiting,
    error: error === null ? null : { attempt: error.attempt, at: error.at, message: error.message },
  };
}

/** All of one task. */
export function taskJson(task: Task) {
  const { error: _newest, ...summary } = taskSummary(task);
  return {
    ...summary,
    timeoutMs: task.timeoutMs,
    serialKey: task.serialKey,
    backoff: task.backoff,
    after: task.after,
    waitsFor: task.waitsFor,
    payload: task.payload,
    result: task.result,
    errors: task.errors.map(({ attempt, at, workerId, message, stack }) => ({
      attempt,
      at,
      workerId,
      message,
      stack,
    })),
  };
}
