/**
 * One execution of a task: from its handler to an outcome, with time-out and abort. Which tasks run, and how
 * many, is the executor's affair.
 */
import type { HandlerContext } from "../../handlers/context.ts";
import type { Handler } from "../../handlers/handler.ts";
import { describeRefusal, readPayload } from "../../handlers/payload.ts";
import { maxPayloadBytes } from "../../task/doors/new-task.ts";
import { type Outcome, outcomeOfError } from "../../task/outcome.ts";
import { storableJson } from "../../task/storable.ts";
import type { ClaimedTask } from "../../task/task.ts";

export type AbortReason = "timed-out" | "cancelled" | "stopping" | "lease-lost";

export interface Attempt {
  readonly task: ClaimedTask;
  /** Asks the handler to stop; the first reason stands. */
  abort(reason: AbortReason): void;
  /** Never rejects. */
  readonly outcome: Promise<Ended>;
}

export interface Ended {
  outcome: Outcome;
  /** The handler was still running when the grace after its abort ended. */
  abandoned: boolean;
}

/** How long a handler may take to stop after its signal before its slot is taken from it. */
export const abortGraceMs = 5_000;

export function startAttempt(
  task: ClaimedTask,
  handler: Handler,
  reports: Omit<HandlerContext, "task" | "signal">,
  graceMs = abortGraceMs,
): Attempt {
  const timeoutMs = task.timeoutMs ?? handler.timeoutMs;
  const { promise: outcome, resolve } = Promise.withResolvers<Ended>();
  /** Made when the handler asks for it: most never do, and it costs as much as all the rest. */
  let controller: AbortController | undefined;
  let reason: AbortReason | undefined;
  let graceTimer: Timer | undefined;

  function end(ended: Ended) {
    clearTimeout(timeout);
    clearTimeout(graceTimer);
    resolve(ended);
  }

  function abort(why: AbortReason) {
    if (reason !== undefined) return;
    reason = why;
    graceTimer = setTimeout(() => end({ outcome: outcomeOfAbort(why, timeoutMs), abandoned: true }), graceMs);
    passOn();
  }

  function passOn() {
    if (reason !== undefined) controller?.abort(new Error(describeAbort(reason, timeoutMs)));
  }

  const timeout = timeoutMs === undefined ? undefined : setTimeout(() => abort("timed-out"), timeoutMs);

  const context: HandlerContext = {
    ...reports,
    task,
    get signal() {
      controller ??= new AbortController();
      passOn();
      return controller.signal;
    },
  };
  runHandler(task, handler, context).then(
    (handled) => end({ outcome: handled, abandoned: false }),
    // What a handler throws after its abort is the abort's echo, whatever it says.
    (thrown) =>
      end({
        outcome: reason === undefined ? outcomeOfError(thrown) : outcomeOfAbort(reason, timeoutMs),
        abandoned: false,
      }),
  );
  return { task, abort, outcome };
}

async function runHandler(task: ClaimedTask, handler: Handler, context: HandlerContext): Promise<Outcome> {
  const payload = await readPayload(handler.payload, task.payload);
  if ("fault" in payload)
    return { kind: "failed", error: { message: describeRefusal(handler.name, payload.fault), stack: null } };
  const result = await handler.run(payload.value, context);
  const kept = storableJson(result, maxPayloadBytes);
  if ("value" in kept) return { kind: "succeeded", result: kept.value };
  // It must not turn a success into an error: the work is done.
  const words = `the result ${kept.fault}`;
  context.log(`not kept: ${words}`);
  return { kind: "succeeded", result: { dropped: words } };
}

/** @param timeoutMs the one in force, if any. */
export function outcomeOfAbort(reason: AbortReason, timeoutMs: number | undefined): Outcome {
  switch (reason) {
    case "timed-out":
      return { kind: "errored", error: { message: describeAbort(reason, timeoutMs), stack: null } };
    case "cancelled":
      return { kind: "cancelled" };
    case "stopping":
    case "lease-lost":
      return { kind: "given-back" };
  }
}

function describeAbort(reason: AbortReason, timeoutMs: number | undefined): string {
  switch (reason) {
    case "timed-out":
      return `timed out after ${timeoutMs} ms`;
    case "cancelled":
      return "the task was cancelled";
    case "stopping":
      return "the worker is stopping";
    case "lease-lost":
      return "the worker has lost its lease";
  }
}
