/** What the worker and the thread of its handlers say to each other. `n` numbers attempts; it is never used twice. */
import type { DoorEvent } from "../task/events.ts";
import type { Outcome } from "../task/outcome.ts";
import type { ClaimedTask } from "../task/task.ts";
import type { AbortReason } from "./attempt.ts";

export type ToThread =
  | { kind: "start"; attempts: { n: number; task: ClaimedTask }[] }
  | { kind: "abort"; n: number; reason: AbortReason }
  /** Answered by "heard" as soon as the thread's event loop turns. */
  | { kind: "ping" };

export type FromThread =
  | { kind: "ended"; attempts: { n: number; outcome: Outcome; abandoned: boolean }[] }
  | { kind: "log"; n: number; message: string; fields: Record<string, unknown> }
  | { kind: "progress"; n: number; fraction: number; message: string | undefined }
  /** What handlers have done through their store: not of an attempt, since it stands whatever becomes of that. */
  | { kind: "done"; event: DoorEvent }
  | { kind: "heard" }
  /** A loose end of some handler: nobody waits for it. */
  | { kind: "fault"; message: string };
