/** Turns engine events into log lines: which level, which words, which fields. Writing them is `logger.ts`'s work. */
import { OperatorError } from "../task/errors.ts";
import type { EngineEvent, TaskReference } from "../task/events.ts";

export interface EventLine {
  level: "debug" | "info" | "warn" | "error";
  message: string;
  fields: Record<string, unknown>;
}

/** Every line of a task carries its id, name, queue and attempt; ended attempts also their duration. */
export function lineOf(event: EngineEvent): EventLine {
  switch (event.kind) {
    case "created":
      return line("debug", "task created", ofTask(event.task));
    case "batch-created":
      return line("debug", "batch created", {
        batch: event.batchId,
        tasks: event.added.reduce((sum, { count }) => sum + count, 0),
      });
    case "started":
      return line("debug", "task started", ofTask(event.task));
    case "log":
      return line("info", event.message, { ...ofTask(event.task), ...event.fields });
    case "progress":
      return line("debug", "task progress", { ...ofTask(event.task), ...event.progress });
    case "succeeded":
      return line("info", "task succeeded", ofAttempt(event));
    case "errored":
      return line("warn", `task had an error: ${event.message}`, {
        ...ofAttempt(event),
        retryInMs: event.delayMs,
      });
    case "snoozed":
      return line("info", "task snoozed", { ...ofAttempt(event), retryInMs: event.delayMs });
    case "failed":
      return line("error", `task failed: ${event.message}`, ofAttempt(event));
    case "wait-failed":
      return line("error", `task failed: ${event.message}`, ofTask(event.task));
    case "cancelled":
      return line("info", "task cancelled", ofAttempt(event));
    case "pending-cancelled":
      return line("info", "pending task cancelled", ofTask(event.task));
    case "given-back":
      return line("info", "task given back unfinished", ofAttempt(event));
    case "refused":
      return line("warn", "outcome refused: the task had been taken from this worker", ofAttempt(event));
    case "abandoned":
      return line("warn", `handler abandoned: ${event.reason}`, ofTask(event.task));
    case "rescued":
      return line("warn", "task rescued from a dead worker", {
        ...ofTask(event.task),
        worker: event.workerId,
        state: event.state,
      });
    case "ticked":
      return line(event.skipped > 0 ? "warn" : "info", "schedule ticked", {
        schedule: event.schedule,
        enqueued: event.enqueued,
        skipped: event.skipped,
      });
    case "queue-held":
      return line("warn", `queue held: ${event.reason}`, {
        queue: event.queue,
        ...(event.forMs === null ? {} : { forMs: event.forMs }),
      });
    case "queue-released":
      return line("info", "queue released: its tasks go on", {
        queue: event.queue,
        heldMs: Math.round(event.heldMs),
      });
    case "worker-started":
      return line("info", "worker started", {
        worker: event.workerId,
        handlers: event.names.join(",") || "none",
        queues: event.queues.join(",") || "all",
      });
    case "worker-stopping":
      return line("info", `stopping: ${event.reason}`, { running: event.running });
    case "worker-stopped":
      return line("info", "worker stopped", {});
    case "lease-lost":
      return line("error", "lease lost: running tasks are aborted, others will run them", {
        worker: event.workerId,
        running: event.running,
      });
    case "pruned": {
      const { kind, ...partition } = event;
      return line("info", "old tasks pruned from the history", partition);
    }
    case "handlers-restarted":
      return line("error", `handlers restarted: ${event.reason}`, { running: event.running });
    case "handlers-loaded":
      return line("info", "own handlers loaded", { handlers: event.names.join(",") || "none" });
    case "handler-refused":
      return line("error", `handler refused: ${event.message}`, {});
    case "handler-fault":
      return line("error", `a handler left an error behind: ${event.message}`, {});
    case "part-failed":
      return event.error instanceof OperatorError
        ? line("warn", `${event.part}: ${event.error.message}`, { retryInMs: event.retryMs })
        : line("error", `${event.part} failed`, { error: event.error, retryInMs: event.retryMs });
    case "part-recovered":
      return line("info", `${event.part} works again`, {});
  }
}

const line = (level: EventLine["level"], message: string, fields: EventLine["fields"]): EventLine => ({
  level,
  message,
  fields,
});

const ofTask = ({ id, name, queue, attempt }: TaskReference) => ({ task: id, name, queue, attempt });

const ofAttempt = (event: { task: TaskReference; durationMs: number }) => ({
  ...ofTask(event.task),
  durationMs: Math.round(event.durationMs * 10) / 10,
});
