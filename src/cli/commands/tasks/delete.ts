/** `delete ID...`, or by a filter: pending and finished tasks go for good; a running one is to be cancelled first. */
import { countDeletable, deleteTask, deleteTasks } from "../../../store/control/delete.ts";
import { deletableStates } from "../../../task/doors/filter.ts";
import { bulkCommand } from "../../bulk-command.ts";

export const deleteCommand = bulkCommand({
  verb: "delete",
  past: "deleted",
  description: "Delete pending and finished tasks for good; running ones are left",
  examples: ["fiscaut-tasks delete 17", "fiscaut-tasks delete --state failed --older-than 30d"],
  states: deletableStates,
  finished: true,
  one: deleteTask,
  many: deleteTasks,
  count: countDeletable,
});
