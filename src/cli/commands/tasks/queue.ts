/** `queue list|pause|resume|limit|history`: what an operator does to a whole queue. */
import { defineCommand } from "citty";
import { queueJson } from "../../../http/queues.ts";
import { changeQueue, listQueues } from "../../../store/queues.ts";
import { queueNameSchema } from "../../../task/doors/new-task.ts";
import {
  checkQueueChange,
  type HistoryRule,
  historyRules,
  maxRunningSchema,
  type Queue,
  type QueueChangeInput,
} from "../../../task/doors/queue.ts";
import { OperatorError } from "../../../task/errors.ts";
import { formatRate } from "../../../task/time/rate.ts";
import { withStore } from "../../database.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { formatInstant, printJson, printLine, printTable } from "../../output/print.ts";
import { queueRow, stateOf } from "../../output/queue-row.ts";
import { prepare } from "../../prepare.ts";

const json = { type: "boolean", description: "Print JSON" } as const;
const name = { type: "positional", description: "The queue's name; one that is new is made" } as const;

const listCommand = defineCommand({
  meta: {
    name: "queue list",
    description: "List queues, their limits and how many tasks wait and run",
    examples: ["fiscaut-tasks queue list"],
  },
  args: { json, ...settingFlags() },
  async run(context) {
    const queues = await withStore(prepare(context), "queue", (store) => listQueues(store));
    if (context.args.json) printJson(queues.map(queueJson));
    else if (queues.length === 0) printLine("no queue yet");
    else {
      printTable(queues.map(queueRow));
      const held = queues.filter((queue) => queue.held !== null);
      if (held.length > 0) printLine(`\n${held.map(describe).join("\n")}`);
    }
  },
});

const pauseCommand = defineCommand({
  meta: {
    name: "queue pause",
    description: "Start no more of a queue's tasks; those that run go on",
    examples: ["fiscaut-tasks queue pause night"],
  },
  args: { name, json, ...settingFlags() },
  run: (context) => change(context, { paused: true }),
});

const resumeCommand = defineCommand({
  meta: {
    name: "queue resume",
    description: "Start a paused queue's tasks again",
    examples: ["fiscaut-tasks queue resume night"],
  },
  args: { name, json, ...settingFlags() },
  run: (context) => change(context, { paused: false }),
});

const limitCommand = defineCommand({
  meta: {
    name: "queue limit",
    description: "Bound a queue across all workers",
    examples: [
      "fiscaut-tasks queue limit night --max-running 3",
      "fiscaut-tasks queue limit night --rate 60/1m",
      "fiscaut-tasks queue limit night --max-running none",
    ],
  },
  args: {
    name,
    "max-running": {
      type: "string",
      description: "How many of its tasks run at once, or none for no limit",
      valueHint: "number",
    },
    rate: {
      type: "string",
      description: "How many start in a time, such as 60/1m or 1/1s, or none for no limit",
      valueHint: "rate",
    },
    json,
    ...settingFlags(),
  },
  run(context) {
    const { args } = context;
    if (args["max-running"] === undefined && args.rate === undefined)
      throw new OperatorError("usage", "no limit is given", { hint: "--max-running 4, --rate 60/1m" });
    return change(context, {
      maxRunning: readLimit(args["max-running"], readMaxRunning),
      rate: readLimit(args.rate, String),
    });
  },
});

const historyCommand = defineCommand({
  meta: {
    name: "queue history",
    description: "Say which of a queue's finished tasks are kept",
    examples: [
      "fiscaut-tasks queue history night --keep failures",
      "fiscaut-tasks queue history night --keep all",
    ],
  },
  args: {
    name,
    keep: {
      type: "string",
      description:
        "all of them, or failures: succeeded ones are gone at once, failed and cancelled ones stay",
      valueHint: historyRules.join("|"),
      required: true,
      values: historyRules,
    },
    json,
    ...settingFlags(),
  },
  run: (context) => change(context, { history: context.args.keep as HistoryRule }),
});

export const queueCommand = defineCommand({
  meta: {
    name: "queue",
    description: "List, pause, resume and limit queues, and say what is kept of them",
    examples: [
      "fiscaut-tasks queue list",
      "fiscaut-tasks queue pause night",
      "fiscaut-tasks queue limit night --rate 60/1m",
    ],
  },
  subCommands: {
    list: listCommand,
    pause: pauseCommand,
    resume: resumeCommand,
    limit: limitCommand,
    history: historyCommand,
  },
});

type Context = Parameters<typeof prepare>[0] & { args: { name?: unknown; json?: boolean | undefined } };

async function change(context: Context, queueChange: QueueChangeInput): Promise<void> {
  const queueName = queueNameSchema().safeParse(context.args.name);
  if (!queueName.success) throw new OperatorError("usage", `NAME: ${queueName.error.issues[0]?.message}`);
  const checked = checkQueueChange(queueName.data, queueChange);
  const queue = await withStore(prepare(context), "queue", (store) =>
    changeQueue(store, queueName.data, checked),
  );
  if (context.args.json) printJson(queueJson(queue));
  else printLine(describe(queue));
}

/** undefined leaves the limit as it is, null takes it away. */
function readLimit<Limit>(text: string | undefined, read: (text: string) => Limit): Limit | null | undefined {
  if (text === undefined) return undefined;
  return text === "none" ? null : read(text);
}

function readMaxRunning(text: string): number {
  const parsed = maxRunningSchema().safeParse(/^\d+$/.test(text) ? Number(text) : undefined);
  if (!parsed.success)
    throw new OperatorError("usage", `--max-running: "${text}" is not a whole number from 1 to 10000`, {
      hint: "none for no limit; queue pause to start nothing",
    });
  return parsed.data;
}

function describe(queue: Queue): string {
  const limits = [
    queue.maxRunning === null ? [] : [`at most ${queue.maxRunning} running`],
    queue.rate === null ? [] : [`at most ${formatRate(queue.rate)} starting`],
  ].flat();
  const hold =
    queue.held === null ? "" : `; held since ${formatInstant(queue.held.since)}: ${queue.held.reason}`;
  const kept = queue.history === "all" ? "" : "; succeeded tasks are not kept";
  return `queue ${queue.name} is ${stateOf(queue)}, ${limits.join(", ") || "without limits"}${kept}${hold}`;
}
