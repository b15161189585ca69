/** `enqueue NAME [JSON|@file|-]`: stores one task. */
import { defineCommand } from "citty";
import { parseDurationMs } from "../../config/units.ts";
import { checkBuiltInPayload } from "../../handlers/built-in.ts";
import { enqueueTask } from "../../store/enqueue.ts";
import { checkNewTask } from "../../task/new-task.ts";
import { withDatabase } from "../database.ts";
import { printJson, printLine } from "../output.ts";
import { prepare } from "../prepare.ts";
import { readInstant, readInteger, readPayload } from "../read-task.ts";
import { settingFlags } from "../setting-flags.ts";

export const enqueueCommand = defineCommand({
  meta: { name: "enqueue", description: "Store a task for a worker to run" },
  args: {
    name: { type: "positional", description: "The handler's name, such as fiscaut.sync-suppliers" },
    payload: {
      type: "positional",
      required: false,
      description: "JSON, @FILE that holds it, or - for standard input",
    },
    queue: { type: "string", description: "Queue (default: default)", valueHint: "name" },
    priority: { type: "string", description: "Higher runs first (default: 0)", valueHint: "number" },
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
    title: { type: "string", description: "What people see beside the name", valueHint: "text" },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags(),
  },
  async run(context) {
    const { args } = context;
    const task = checkNewTask({
      name: args.name,
      payload: await readPayload(args.payload),
      queue: args.queue,
      priority: readInteger("priority", args.priority),
      delayMs: args.delay === undefined ? undefined : parseDurationMs(args.delay),
      runAt: readInstant(args["run-at"]),
      maxAttempts: readInteger("max-attempts", args["max-attempts"]),
      timeoutMs: args.timeout === undefined ? undefined : parseDurationMs(args.timeout),
      title: args.title,
    });
    checkBuiltInPayload(task.name, task.payload);
    const { config, onStep } = prepare(context);
    const enqueued = await withDatabase(
      { config, purpose: "enqueue", maxConnections: 2, onStep, schema: "require" },
      ({ store }) => enqueueTask(store, task),
    );
    if (args.json) printJson({ id: enqueued.id, name: task.name, queue: task.queue, runAt: enqueued.runAt });
    else printLine(`task ${enqueued.id} enqueued: ${task.name} in ${task.queue}`);
  },
});
