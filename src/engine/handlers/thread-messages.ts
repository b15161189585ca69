/** What the worker and a thread of its handlers say to each other. `n` numbers what that thread is asked; it is never used twice. */
import type { Handler } from "../../handlers/handler.ts";
import type { HandlerFault } from "../../handlers/load-handlers.ts";
import type { NamedPayload } from "../../handlers/payload.ts";
import type { DoorEvent } from "../../task/events.ts";
import type { ClaimedTask } from "../../task/task.ts";
import type { AbortReason, Ended } from "./attempt.ts";

export type ToThread =
  | { kind: "start"; attempts: { n: number; task: ClaimedTask }[] }
  | { kind: "abort"; n: number; reason: AbortReason }
  /** Answered by "checked". */
  | { kind: "check"; checks: { n: number; tasks: NamedPayload[] }[] }
  /** Answered by "heard" as soon as the thread's event loop turns. */
  | { kind: "ping" };

/** What the worker has to know of a handler that runs elsewhere. */
export type HandlerSummary = Pick<Handler, "name" | "timeoutMs" | "backoff" | "file"> & {
  /** Doors are to ask its thread, which alone has its schema. */
  checks: boolean;
};

/** All handlers of a thread, and what is wrong with the operator's files that it has none from. */
export interface LoadedThread {
  handlers: HandlerSummary[];
  faults: HandlerFault[];
}

export type FromThread =
  /** Before each of the operator's files: until the next message, it is this one that holds the thread up. */
  | { kind: "loading"; file: string }
  /** Once; nothing can be asked before. */
  | ({ kind: "loaded" } & LoadedThread)
  | { kind: "ended"; attempts: ({ n: number } & Ended)[] }
  /** `refused`: the first of the tasks whose payload is not its handler's, and why not. */
  | { kind: "checked"; checked: { n: number; refused: { index: number; fault: string } | undefined }[] }
  | { kind: "log"; n: number; message: string; fields: Record<string, unknown> }
  | { kind: "progress"; n: number; fraction: number; message: string | undefined }
  /** What handlers have done through their store: not of an attempt, since it stands whatever becomes of that. */
  | { kind: "done"; event: DoorEvent }
  | { kind: "heard" }
  /** A loose end of some handler: nobody waits for it. */
  | { kind: "fault"; message: string };
