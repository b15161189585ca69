/** `retry ID...`, or by a filter: failed, cancelled and waiting tasks run now. */
import { countRetriable, retryTask, retryTasks } from "../../../store/control/retry.ts";
import { retriableStates } from "../../../task/doors/filter.ts";
import { bulkCommand } from "../../bulk-command.ts";

export const retryCommand = bulkCommand({
  verb: "retry",
  past: "retried",
  description:
    "Run failed, cancelled or waiting tasks now; a filter takes the failed ones unless --state says else",
  examples: [
    "fiscaut-tasks retry 17 18",
    "fiscaut-tasks retry --batch 4",
    "fiscaut-tasks retry --state failed --dry-run",
  ],
  states: retriableStates,
  finished: true,
  one: retryTask,
  many: retryTasks,
  count: countRetriable,
});
