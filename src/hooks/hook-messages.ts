/** What the worker and the thread of its hooks say to each other. */
import type { Moment, MomentKind } from "../task/life.ts";

export type ToHooks =
  /** The first message. `limitMs`: how long one call may take. */
  { kind: "load"; path: string; limitMs: number } | { kind: "moment"; moment: Moment };

export type FromHooks =
  | { kind: "loaded"; listens: MomentKind[] }
  /** `message` is for the operator, with the position where there is one. */
  | { kind: "refused"; message: string }
  /** A moment was told, whatever came of it. */
  | { kind: "done" }
  | { kind: "fault"; fault: HookFault };

/** What went wrong with a hook; no task has noticed it. */
export interface HookFault {
  message: string;
  /** What the hook was told, when it was one call. */
  moment?: { kind: MomentKind; taskId: number };
}
