/** How the control commands tell what came of a task, or of many. Carrying it out is `bulk-command.ts`'s work. */
import type { BulkResult, ControlResult } from "../../task/doors/control-result.ts";
import { OperatorError } from "../../task/errors.ts";

/** @returns the error to show where nothing was changed, else undefined. */
export function describeRefusal(verb: string, id: number, result: ControlResult): OperatorError | undefined {
  if (result.kind === "unknown")
    return new OperatorError("failed", `there is no task ${id}`, { hint: "fiscaut-tasks list" });
  if (result.kind !== "unchanged") return undefined;
  return new OperatorError("failed", `task ${id} is ${result.state}: nothing to ${verb}`, {
    hint: result.state === "running" ? `fiscaut-tasks cancel ${id}` : `fiscaut-tasks show ${id}`,
  });
}

/** One task that was changed. */
export function describeDone(id: number, result: ControlResult): string {
  return result.kind === "done"
    ? `task ${id} is ${result.state}`
    : `task ${id} is running: its worker aborts it`;
}

/** Such as `3 tasks cancelled: 2 pending, 1 running`. */
export function describeBulk(what: string, { total, states }: BulkResult): string {
  const byState = Object.entries(states).map(([state, count]) => `${count} ${state}`);
  return `${total} ${total === 1 ? "task" : "tasks"} ${what}${total === 0 ? "" : `: ${byState.join(", ")}`}`;
}
