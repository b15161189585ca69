/** `cancel ID...`, or by a filter: pending tasks are cancelled, running ones aborted. */
import { cancelTask, cancelTasks, countCancellable } from "../../../store/control/cancel.ts";
import { cancellableStates } from "../../../task/doors/filter.ts";
import { bulkCommand } from "../../bulk-command.ts";

export const cancelCommand = bulkCommand({
  verb: "cancel",
  past: "cancelled",
  description: "Cancel tasks; running ones are aborted by their workers",
  examples: [
    "fiscaut-tasks cancel 17",
    "fiscaut-tasks cancel --batch 4",
    "fiscaut-tasks cancel --queue night --dry-run",
  ],
  states: cancellableStates,
  finished: false,
  one: cancelTask,
  many: cancelTasks,
  count: countCancellable,
});
