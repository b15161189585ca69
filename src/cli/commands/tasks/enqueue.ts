/** `enqueue NAME [JSON|@file|-]`: stores one task; with `--stdin-ndjson` many, which is `enqueue-lines.ts`'s work. */
import { defineCommand } from "citty";
import { enqueueTask } from "../../../store/enqueue/enqueue.ts";
import type { EnqueuedTask } from "../../../task/doors/enqueued.ts";
import { conflictRules, defaultConflictRule } from "../../../task/doors/key.ts";
import { type CheckedTask, checkNewTask } from "../../../task/doors/new-task.ts";
import { turnPriority } from "../../../task/doors/priority-order.ts";
import { OperatorError } from "../../../task/errors.ts";
import { parseDurationMs } from "../../../task/time/duration.ts";
import { withStore } from "../../database.ts";
import { exitCodes } from "../../exit-codes.ts";
import { afterFlags, readAfter } from "../../input/after-flags.ts";
import { enqueueLines, linesFlags } from "../../input/enqueue-lines.ts";
import { readInstant, readInteger, readPayload } from "../../input/read-task.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine } from "../../output/print.ts";
import { checkPayloadsBy } from "../../own-handlers.ts";
import { prepare } from "../../prepare.ts";

export const enqueueCommand = defineCommand({
  meta: {
    name: "enqueue",
    description: "Store a task for a worker to run, or many",
    examples: [
      "fiscaut-tasks enqueue fiscaut.sync-suppliers '{\"company\": 1}'",
      "fiscaut-tasks enqueue fiscaut.sync-suppliers '{\"company\": 1}' --key company-1 --delay 10m",
      "fiscaut-tasks enqueue send-supplier --stdin-ndjson --wait < tasks.ndjson",
    ],
  },
  args: {
    name: {
      type: "positional",
      required: false,
      description: "The handler's name, such as fiscaut.sync-suppliers",
    },
    payload: {
      type: "positional",
      required: false,
      description: "JSON, @FILE that holds it, or - for standard input",
    },
    queue: { type: "string", description: "Queue (default: default)", valueHint: "name" },
    priority: {
      type: "string",
      description: "Higher runs first, see --priority-order (default: 0)",
      valueHint: "number",
    },
    delay: {
      type: "string",
      description: "Run after this long, such as 90s or 1h30m",
      valueHint: "duration",
    },
    "run-at": {
      type: "string",
      description: "Run at this instant, such as 2026-12-01T08:00:00-03:00",
      valueHint: "instant",
    },
    "max-attempts": {
      type: "string",
      description: "Attempts before it fails (default: 25)",
      valueHint: "number",
    },
    timeout: { type: "string", description: "Abort an attempt after this long", valueHint: "duration" },
    "serial-key": {
      type: "string",
      description: "Run only when no earlier task of this key is pending or running",
      valueHint: "key",
    },
    ...afterFlags,
    backoff: {
      type: "string",
      description:
        "Wait after an error: django, exponential:1s..1h or fixed:30s, with jitter ~10% (default: the handler's)",
      valueHint: "back-off",
    },
    repeat: {
      type: "string",
      description: "Run again this long after each planned time, such as 1h",
      valueHint: "duration",
    },
    "repeat-until": { type: "string", description: "Plan no run after this instant", valueHint: "instant" },
    "repeat-after-failure": { type: "boolean", description: "Repeat also after a run that failed for good" },
    title: { type: "string", description: "What people see beside the name", valueHint: "text" },
    key: { type: "string", description: "No two live tasks have the same key", valueHint: "text" },
    "key-of-payload": { type: "boolean", description: "The key is made of name and payload" },
    "on-conflict": {
      type: "string",
      description: `When a live task has the key: ${conflictRules.join(", ")} (default: ${defaultConflictRule})`,
      valueHint: "rule",
      values: conflictRules,
    },
    ...linesFlags,
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags("priority-order", "handlers"),
  },
  async run(context) {
    const { args } = context;
    const flags = {
      name: args.name,
      payload: args.payload,
      queue: args.queue,
      priority: readInteger("priority", args.priority),
      delayMs: args.delay === undefined ? undefined : parseDurationMs(args.delay),
      runAt: readInstant("run-at", args["run-at"]),
      maxAttempts: readInteger("max-attempts", args["max-attempts"]),
      timeoutMs: args.timeout === undefined ? undefined : parseDurationMs(args.timeout),
      serialKey: args["serial-key"],
      after: readAfter(args),
      backoff: args.backoff,
      repeatMs: args.repeat === undefined ? undefined : parseDurationMs(args.repeat),
      repeatUntil: readInstant("repeat-until", args["repeat-until"]),
      repeatAfterFailure: args["repeat-after-failure"],
      title: args.title,
      key: args.key,
      keyOf: args["key-of-payload"] ? "payload" : undefined,
      onConflict: args["on-conflict"],
    };
    if (args["stdin-ndjson"]) return await enqueueLines(context, flags);
    checkOne(args);
    const asked = checkNewTask({ ...flags, payload: await readPayload(args.payload) });
    const prepared = prepare(context);
    await checkPayloadsBy(prepared)([asked]);
    const { config } = prepared;
    const task = turnPriority(config.priorityOrder, asked);
    const enqueued = await withStore(prepared, "enqueue", (store) => enqueueTask(store, task));
    const { id, runAt, outcome } = enqueued;
    if (args.json) printJson({ id, name: task.name, queue: task.queue, runAt, outcome });
    else printLine(describe(task, enqueued));
    return exitCodes.ok;
  },
});

/** @throws OperatorError "usage" for what only a batch may have. */
function checkOne(args: Record<string, unknown>): void {
  if (args["name"] === undefined) throw new OperatorError("usage", "NAME is missing", { hint: "--help" });
  for (const flag of Object.keys(linesFlags))
    if (args[flag] !== undefined)
      throw new OperatorError("usage", `--${flag} is for a batch`, { hint: `--stdin-ndjson --${flag}` });
}

function describe(task: CheckedTask, { id, outcome }: EnqueuedTask): string {
  switch (outcome) {
    case "created":
      return `task ${id} enqueued: ${task.name} in ${task.queue}`;
    case "replaced":
      return `task ${id} enqueued: ${task.name} in ${task.queue}, in place of a pending one, which is cancelled`;
    case "rescheduled":
      return `task ${id} has the key and was rescheduled: nothing is added`;
    case "skipped":
      return `task ${id} is live and has the key: nothing is added`;
  }
}
