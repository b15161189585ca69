/**
 * A task's life as hooks see it: one engine event becomes the moments that it stands for. Pure; who calls hooks, and
 * when, is `hooks/`'s affair.
 *
 * The signals of django-background-tasks, and their moments here: task_created created, task_started started,
 * task_successful succeeded, task_error errored, task_rescheduled rescheduled, task_failed failed. task_finished
 * came after every run; here `finished` means that the task has ended for good. cancelled and rescued are new.
 */
import type { EngineEvent, TaskReference } from "./events.ts";
import type { FinishedState } from "./task.ts";

export const momentKinds = [
  "created",
  "started",
  "succeeded",
  "errored",
  "rescheduled",
  "failed",
  "cancelled",
  "rescued",
  "finished",
] as const;
export type MomentKind = (typeof momentKinds)[number];

/** What a hook is given, and the clock of its worker at that moment, ISO 8601. */
export type Moment = { at: string; task: TaskReference } & (
  | { kind: "created" }
  | { kind: "started" }
  | { kind: "succeeded"; durationMs: number }
  /** An attempt had an error; `rescheduled` or `failed` follows. */
  | { kind: "errored"; durationMs: number; message: string }
  /** Pending again, due in `delayMs`. */
  | { kind: "rescheduled"; delayMs: number; because: "errored" | "snoozed" | "given-back" }
  | { kind: "failed"; message: string }
  | { kind: "cancelled" }
  /** Its worker died. It is pending again, or `failed` or `cancelled` follows. */
  | { kind: "rescued"; workerId: number }
  /** Follows succeeded, failed and cancelled. */
  | { kind: "finished"; state: FinishedState }
);

type Bare = Moment extends infer Each ? (Each extends Moment ? Omit<Each, "at" | "task"> : never) : never;

/** In their order; none for an event that is no turn in a task's life, such as a refused outcome. */
export function momentsOf(event: EngineEvent, at: Date): Moment[] {
  if (!("task" in event)) return [];
  return bareMomentsOf(event).map(
    (moment) => ({ at: at.toISOString(), task: event.task, ...moment }) as Moment,
  );
}

function bareMomentsOf(event: Extract<EngineEvent, { task: TaskReference }>): Bare[] {
  switch (event.kind) {
    case "created":
    case "started":
      return [{ kind: event.kind }];
    case "succeeded":
      return [{ kind: "succeeded", durationMs: event.durationMs }, finished("succeeded")];
    case "errored":
      return [errored(event), { kind: "rescheduled", delayMs: event.delayMs, because: "errored" }];
    case "snoozed":
      return [{ kind: "rescheduled", delayMs: event.delayMs, because: "snoozed" }];
    case "given-back":
      return [{ kind: "rescheduled", delayMs: 0, because: "given-back" }];
    case "failed":
      return [errored(event), { kind: "failed", message: event.message }, finished("failed")];
    case "wait-failed":
      return [{ kind: "failed", message: event.message }, finished("failed")];
    case "cancelled":
    case "pending-cancelled":
      return [{ kind: "cancelled" }, finished("cancelled")];
    case "rescued":
      return rescued(event);
    default:
      return [];
  }
}

const finished = (state: FinishedState): Bare => ({ kind: "finished", state });

const errored = ({ durationMs, message }: { durationMs: number; message: string }): Bare => ({
  kind: "errored",
  durationMs,
  message,
});

function rescued({ workerId, state }: Extract<EngineEvent, { kind: "rescued" }>): Bare[] {
  const first: Bare = { kind: "rescued", workerId };
  if (state === "failed")
    return [first, { kind: "failed", message: "its worker died in its last attempt" }, finished("failed")];
  return state === "cancelled" ? [first, { kind: "cancelled" }, finished("cancelled")] : [first];
}
