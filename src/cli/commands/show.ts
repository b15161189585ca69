/** `show ID`: all that is known of one task. `show --batch ID`: how far a batch has come. */
import { defineCommand } from "citty";
import { formatDuration } from "../../config/units.ts";
import { batchJson, taskJson } from "../../http/task-json.ts";
import { type Batch, findBatch } from "../../store/batch.ts";
import { findTask } from "../../store/find.ts";
import { readTaskLog } from "../../store/read-log.ts";
import { OperatorError } from "../../task/errors.ts";
import { turnPriority } from "../../task/priority-order.ts";
import type { Repeat } from "../../task/repeat.ts";
import type { Task } from "../../task/task.ts";
import type { TaskLog } from "../../task/task-log.ts";
import { withDatabase } from "../database.ts";
import { formatInstant, printJson, printLine } from "../output.ts";
import { prepare } from "../prepare.ts";
import { readId } from "../read-id.ts";
import { settingFlags } from "../setting-flags.ts";
import { describeLines } from "../task-log-lines.ts";

const shownLines = 5;

export const showCommand = defineCommand({
  meta: { name: "show", description: "Show one task, or how far a batch has come" },
  args: {
    id: { type: "positional", required: false, description: "The task's id" },
    batch: { type: "string", description: "Show this batch instead of a task", valueHint: "id" },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags("priority-order"),
  },
  async run(context) {
    const { args } = context;
    if ((args.id === undefined) === (args.batch === undefined))
      throw new OperatorError("usage", "show takes a task's ID or --batch ID", {
        hint: "fiscaut-tasks list",
      });
    const taskId = args.id === undefined ? undefined : readId("ID", args.id);
    const batchId = args.batch === undefined ? undefined : readId("--batch", args.batch);
    const { config, onStep } = prepare(context);
    await withDatabase(
      { config, purpose: "show", maxConnections: 2, onStep, schema: "require" },
      async ({ store }) => {
        if (taskId !== undefined) {
          const found = await findTask(store, taskId);
          if (found === undefined) throw unknown(`task ${taskId}`);
          const task = turnPriority(config.priorityOrder, found);
          if (args.json) printJson(taskJson(task));
          else printFields([...fieldsOfTask(task), ...fieldsOfLog(taskId, await readTaskLog(store, taskId))]);
        } else if (batchId !== undefined) {
          const batch = await findBatch(store, batchId);
          if (batch === undefined) throw unknown(`batch ${batchId}`);
          if (args.json) printJson(batchJson(batch));
          else printFields(fieldsOfBatch(batch));
        }
      },
    );
  },
});

const unknown = (what: string) =>
  new OperatorError("failed", `there is no ${what}`, { hint: "fiscaut-tasks list" });

function printFields(fields: [string, string | number | null][]): void {
  const width = Math.max(...fields.map(([name]) => name.length));
  for (const [name, value] of fields)
    if (value !== null)
      printLine(`${name.padEnd(width)}  ${String(value).replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`);
}

function fieldsOfTask(task: Task): [string, string | number | null][] {
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
    ["planned", task.plannedAt === null ? null : formatInstant(task.plannedAt)],
    ["repeat", task.repeat === null ? null : describeRepeat(task.repeat)],
    ["schedule", task.scheduleId],
    ["started", task.startedAt === null ? null : formatInstant(task.startedAt)],
    ["finished", task.finishedAt === null ? null : formatInstant(task.finishedAt)],
    [
      "progress",
      task.progress === null
        ? null
        : `${Math.round(task.progress.fraction * 100)} % ${task.progress.message ?? ""}`,
    ],
    ["payload", JSON.stringify(task.payload, null, 2)],
    ["result", task.result === null ? null : JSON.stringify(task.result, null, 2)],
    ...task.errors.map((error): [string, string] => [
      `error ${error.attempt}`,
      `${formatInstant(new Date(error.at))}  ${error.stack ?? error.message}`,
    ]),
  ];
}

/** The newest few lines, and where the others are. */
function fieldsOfLog(id: number, log: TaskLog | undefined): [string, string | null][] {
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

function fieldsOfBatch(batch: Batch): [string, string | number | null][] {
  const skipped = Object.entries(batch.skipped);
  return [
    ["batch", batch.id],
    ["title", batch.title],
    ["created", formatInstant(batch.createdAt)],
    ["total", batch.total],
    ...Object.entries(batch.states).map(([state, count]): [string, number] => [state, count]),
    ["retrying", batch.retrying],
    ["complete", batch.complete ? "yes" : "no"],
    [
      "skipped",
      skipped.length === 0 ? null : skipped.map(([reason, count]) => `${count} ${reason}`).join(", "),
    ],
  ];
}
