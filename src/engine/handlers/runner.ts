/**
 * What runs handlers, as the executor sees it: in this thread (here), or in one of their own (`thread-runner.ts`).
 */
import type { HandlerContext } from "../../handlers/context.ts";
import type { HandlerRegistry } from "../../handlers/handler.ts";
import type { PayloadCheck } from "../../handlers/payload.ts";
import type { Store } from "../../store/connection.ts";
import type { Retention } from "../../task/retention.ts";
import type { ClaimedTask } from "../../task/task.ts";
import { type Attempt, startAttempt } from "./attempt.ts";
import { createHandlerControl } from "./handler-control.ts";
import { createHandlerEnqueue } from "./handler-enqueue.ts";

/** Where an attempt's log lines and progress go. */
export type Reports = Pick<HandlerContext, "log" | "progress">;

export interface HandlerRunner {
  /** The tasks that may be claimed for it. */
  readonly names: string[];
  /** How long the handlers have failed to answer, ms; 0 while they do. Nothing is to be claimed for deaf ones. */
  readonly deafMs: number;
  readonly checkPayloads: PayloadCheck;
  /** @throws Error for a name without a handler. */
  start(task: ClaimedTask, reports: Reports): Attempt;
  /** Nothing may run any more. */
  stop(): Promise<void>;
}

/** What handlers do beside their work goes through these. */
export interface HandlerDoors {
  store: Store;
  /** What `prune` keeps. */
  retention: Retention;
}

/** In the thread that calls it: a handler that blocks, blocks the caller too. */
export function createLocalRunner(handlers: HandlerRegistry, doors: HandlerDoors): HandlerRunner {
  const { store, retention } = doors;
  const { checkPayloads } = handlers;
  const control = createHandlerControl({ store, checkPayloads, retention });
  return {
    names: handlers.names,
    deafMs: 0,
    checkPayloads,
    start(task, reports) {
      const handler = handlers.get(task.name);
      if (handler === undefined) throw new Error(`${task.name} has no handler here`);
      return startAttempt(task, handler, {
        ...reports,
        ...createHandlerEnqueue({ store, checkPayloads, taskId: task.id }),
        ...control,
      });
    },
    stop: async () => {},
  };
}
