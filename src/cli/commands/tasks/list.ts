/** `list`: the newest tasks, as a table or as JSON. */
import { defineCommand } from "citty";
import { taskSummary } from "../../../http/tasks/task-json.ts";
import { listTasks } from "../../../store/find.ts";
import { turnPriority } from "../../../task/doors/priority-order.ts";
import { OperatorError } from "../../../task/errors.ts";
import { type TaskSummary, taskStates } from "../../../task/task.ts";
import { withStore } from "../../database.ts";
import { readId } from "../../input/read-id.ts";
import { readState } from "../../input/read-task.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { formatInstant, printJson, printLine, printTable, shorten } from "../../output/print.ts";
import { prepare } from "../../prepare.ts";

const mostAtOnce = 1000;

export const listCommand = defineCommand({
  meta: {
    name: "list",
    description: "List tasks, the newest first",
    examples: [
      "fiscaut-tasks list",
      "fiscaut-tasks list --state failed",
      "fiscaut-tasks list --batch 4 --state pending --json",
    ],
  },
  args: {
    state: {
      type: "string",
      description: `Only this state: ${taskStates.join(", ")}`,
      valueHint: "state",
      values: taskStates,
    },
    name: { type: "string", description: "Only this handler's", valueHint: "name" },
    queue: { type: "string", description: "Only this queue's", valueHint: "name" },
    batch: { type: "string", description: "Only this batch's", valueHint: "id" },
    before: { type: "string", description: "Only ids below this one: the next page", valueHint: "id" },
    limit: {
      type: "string",
      description: `How many at most, 1 to ${mostAtOnce} (default: 50)`,
      valueHint: "number",
    },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags("priority-order"),
  },
  async run(context) {
    const { args } = context;
    const filter = {
      state: readState(args.state, taskStates),
      name: args.name,
      queue: args.queue,
      batchId: args.batch === undefined ? undefined : readId("--batch", args.batch),
      beforeId: args.before === undefined ? undefined : readId("--before", args.before),
    };
    const limit = args.limit === undefined ? 50 : readId("--limit", args.limit);
    if (limit > mostAtOnce)
      throw new OperatorError("usage", `--limit: at most ${mostAtOnce}`, { hint: "page with --before" });
    const prepared = prepare(context);
    const { config } = prepared;
    const tasks = await withStore(prepared, "list", (store) => listTasks(store, filter, limit));
    if (args.json) printJson(tasks.map((task) => taskSummary(turnPriority(config.priorityOrder, task))));
    else if (tasks.length === 0) printLine("no such task");
    else printTable(tasks.map(toRow));
  },
});

function toRow(task: TaskSummary) {
  return {
    id: task.id,
    state: task.state,
    name: task.name,
    queue: task.queue,
    attempt: `${task.attempt}/${task.maxAttempts}`,
    "run at": task.waiting ? "waits for others" : formatInstant(task.runAt),
    finished: formatInstant(task.finishedAt),
    progress: task.progress === null ? null : `${Math.round(task.progress.fraction * 100)} %`,
    title: shorten(task.title ?? "", 32) || null,
    error: shorten(task.error?.message ?? "", 60) || null,
  };
}
