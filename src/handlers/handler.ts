/**
 * What a handler is, and the registry of those that this worker has. Running one is the engine's work.
 */
import type { z } from "zod";
import type { EnqueuedBatch, EnqueuedTask } from "../store/enqueue.ts";
import { parseBackoff } from "../task/backoff.ts";
import type { TaskChangeInput } from "../task/change.ts";
import type { ControlResult } from "../task/control-result.ts";
import { OperatorError } from "../task/errors.ts";
import { describeIssues, type NewTask } from "../task/new-task.ts";
import type { Queue, QueueChangeInput } from "../task/queue.ts";
import type { ClaimedTask, Task } from "../task/task.ts";

/** What a handler is given beside its payload. */
export interface HandlerContext {
  readonly task: Omit<ClaimedTask, "payload">;
  /** Aborted at the time-out, on cancel and when the worker stops: pass it on to whatever waits. */
  readonly signal: AbortSignal;
  /** A line in the worker's log, with the task's id, name, queue and attempt. */
  log(message: string, fields?: Record<string, unknown>): void;
  /** @param fraction 0 to 1. Stored at most once a second; the newest wins. */
  progress(fraction: number, message?: string): void;
  /**
   * Enqueues a task at once, whatever comes of this attempt: a repeated attempt enqueues it again. With a `key` of
   * this task's making, such as `report:${task.id}`, it finds the earlier one while that is live.
   * @throws OperatorError "usage" for what is no task, or the driver's error: nothing was enqueued then.
   */
  enqueue(task: NewTask): Promise<EnqueuedTask>;
  /**
   * Enqueues all of `tasks`, or none when reading them throws. Once a task: a repeated attempt finds the batch that
   * an earlier one has enqueued and adds nothing. A second batch in one attempt is refused.
   */
  enqueueBatch(title: string, tasks: Iterable<NewTask> | AsyncIterable<NewTask>): Promise<EnqueuedBatch>;
  /**
   * A task as it is stored now, live or finished; undefined: there is none, or its history was pruned. This and what
   * follows is done at once, as at the other doors, whatever comes of this attempt. Not while `enqueueBatch` reads
   * its tasks: each needs a connection, and the handlers have few.
   */
  find(id: number): Promise<Task | undefined>;
  /** Cancels a pending task, or has a running one aborted, wherever it runs; its own, too. */
  cancel(id: number): Promise<ControlResult>;
  /**
   * Makes a failed or cancelled task pending again, or a pending one due now.
   * @throws OperatorError "conflict" when another live task has its key meanwhile.
   */
  retry(id: number): Promise<ControlResult>;
  /**
   * Changes a pending task's payload, priority or time; one that is claimed first runs unchanged.
   * @throws OperatorError "usage" for a change that a new task could not have either.
   */
  change(id: number, change: TaskChangeInput): Promise<ControlResult>;
  /** Deletes a pending or finished task for good. A running one is left as it is. */
  delete(id: number): Promise<ControlResult>;
  /**
   * Pauses, resumes or limits a queue, which is made when it is new.
   * @throws OperatorError "usage"
   */
  changeQueue(name: string, change: QueueChangeInput): Promise<Queue>;
  /**
   * Enqueues a schedule's task now, beside its ticks and also when it is paused.
   * @returns the task's id; undefined: there is no such schedule.
   */
  runSchedule(name: string): Promise<number | undefined>;
}

export interface Handler<Payload = unknown> {
  readonly name: string;
  /** Checked before each run and, where this executable knows the handler, already at enqueue. */
  readonly payload: z.ZodType<Payload>;
  /** Where the task gives none. Undefined: as long as it takes. */
  readonly timeoutMs?: number;
  /** The wait after an error, as `task/backoff.ts` reads it; where the task gives none. Undefined: `django`. */
  readonly backoff?: string;
  /**
   * May run more than once for one task (at-least-once): a repeat must do no harm.
   * What it returns is the task's result, as JSON. What it throws is the attempt's error: see `PermanentError`,
   * `RetryAfter` and `Snooze`.
   */
  run(payload: Payload, context: HandlerContext): Promise<unknown>;
}

/** Keeps the payload's type inside; the registry holds handlers of all kinds. */
export function defineHandler<Payload>(handler: Handler<Payload>): Handler {
  return handler as Handler;
}

export class HandlerRegistry {
  readonly #handlers = new Map<string, Handler>();

  constructor(handlers: Iterable<Handler>) {
    for (const handler of handlers) {
      if (this.#handlers.has(handler.name)) throw new Error(`two handlers are named ${handler.name}`);
      if (handler.backoff !== undefined) parseBackoff(handler.backoff);
      this.#handlers.set(handler.name, handler);
    }
  }

  get(name: string): Handler | undefined {
    return this.#handlers.get(name);
  }

  /**
   * A name that only another worker has a handler for passes unchecked.
   * @throws OperatorError "usage"
   */
  checkPayload(name: string, payload: unknown): void {
    const parsed = this.#handlers.get(name)?.payload.safeParse(payload);
    if (parsed?.success === false)
      throw new OperatorError("usage", `the payload is not ${name}'s: ${describeIssues(parsed.error)}`);
  }

  /** The names that this worker may claim. */
  get names(): string[] {
    return [...this.#handlers.keys()];
  }
}
