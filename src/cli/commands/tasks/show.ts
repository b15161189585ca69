/** `show ID`: all that is known of one task. Batches have their own in `batch.ts`. */
import { defineCommand } from "citty";
import { taskJson } from "../../../http/tasks/task-json.ts";
import { findTask } from "../../../store/find.ts";
import { readTaskLog } from "../../../store/read-log.ts";
import type { After } from "../../../task/doors/after.ts";
import { turnPriority } from "../../../task/doors/priority-order.ts";
import { OperatorError } from "../../../task/errors.ts";
import type { Predecessor, Task } from "../../../task/task.ts";
import type { TaskLog } from "../../../task/task-log.ts";
import { formatDuration } from "../../../task/time/duration.ts";
import { describeTimeLeft } from "../../../task/time/pace.ts";
import type { Repeat } from "../../../task/time/repeat.ts";
import { withStore } from "../../database.ts";
import { readId } from "../../input/read-id.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { type Field, formatInstant, printFields, printJson } from "../../output/print.ts";
import { describeLines } from "../../output/task-log-lines.ts";
import { prepare } from "../../prepare.ts";

const shownLines = 5;

export const showCommand = defineCommand({
  meta: {
    name: "show",
    description: "Show all that is known of one task",
    examples: ["fiscaut-tasks show 17", "fiscaut-tasks show 17 --json"],
  },
  args: {
    id: { type: "positional", required: true, description: "The task's id" },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags("priority-order"),
  },
  async run(context) {
    const { args } = context;
    const id = readId("ID", args.id);
    const prepared = prepare(context);
    const [found, log] = await withStore(prepared, "show", (store) =>
      Promise.all([findTask(store, id), readTaskLog(store, id)]),
    );
    if (found === undefined)
      throw new OperatorError("failed", `there is no task ${id}`, { hint: "fiscaut-tasks list" });
    const task = turnPriority(prepared.config.priorityOrder, found);
    if (args.json) printJson(taskJson(task));
    else printFields([...fieldsOfTask(task), ...fieldsOfLog(id, log)]);
  },
});

function fieldsOfTask(task: Task): Field[] {
  return [
    ["task", task.id],
    ["state", task.state],
    ["name", task.name],
    ["title", task.title],
    ["key", task.key],
    ["queue", task.queue],
    ["priority", task.priority],
    ["batch", task.batchId],
    ["serial key", task.serialKey],
    ["attempt", `${task.attempt} of ${task.maxAttempts}`],
    ["back-off", task.backoff],
    ["worker", task.workerId],
    ["created", formatInstant(task.createdAt)],
    ["run at", formatInstant(task.runAt)],
    ["after", task.after === null ? null : describeAfter(task.after)],
    ...task.waitsFor.map((open): [string, string] => ["waits for", describePredecessor(open)]),
    ["planned", task.plannedAt === null ? null : formatInstant(task.plannedAt)],
    ["repeat", task.repeat === null ? null : describeRepeat(task.repeat)],
    ["schedule", task.scheduleId],
    ["started", task.startedAt === null ? null : formatInstant(task.startedAt)],
    ["finished", task.finishedAt === null ? null : formatInstant(task.finishedAt)],
    ["progress", describeProgress(task)],
    ["payload", JSON.stringify(task.payload, null, 2)],
    ["result", task.result === null ? null : JSON.stringify(task.result, null, 2)],
    ...task.errors.map(
      (error): Field => [
        `error ${error.attempt}`,
        `${formatInstant(new Date(error.at))}  ${error.stack ?? error.message}`,
      ],
    ),
  ];
}

function describeProgress({ progress, etaSeconds }: Task): string | null {
  if (progress === null) return null;
  const parts = [
    `${Math.round(progress.fraction * 100)} %`,
    progress.message ?? "",
    etaSeconds === null ? "" : describeTimeLeft(etaSeconds),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function describeAfter({ tasks, batches, onFailure }: After): string {
  const named = [...tasks.map((id) => `task ${id}`), ...batches.map((id) => `batch ${id}`)];
  return `${named.join(", ")}${onFailure === "ignore" ? ", however they end" : ""}`;
}

function describePredecessor(open: Predecessor): string {
  if ("taskId" in open) return `task ${open.taskId}, ${open.state}`;
  return `batch ${open.batchId}, ${open.live} to go, ${open.failed} failed or cancelled`;
}

/** The newest few lines, and where the others are. */
function fieldsOfLog(id: number, log: TaskLog | undefined): Field[] {
  const newest = log?.lines.slice(-shownLines) ?? [];
  const [first] = newest;
  if (first === undefined) return [];
  const lines = describeLines(newest, first.n - 1);
  const others = first.n > 1 ? [`(all that are kept: fiscaut-tasks logs ${id})`] : [];
  return [["log", [...others, ...lines].join("\n")]];
}

function describeRepeat({ everyMs, until, afterFailure }: Repeat): string {
  const end = until === null ? "" : ` until ${formatInstant(new Date(until))}`;
  return `every ${formatDuration(everyMs)}${end}${afterFailure ? ", also after a failure" : ""}`;
}
