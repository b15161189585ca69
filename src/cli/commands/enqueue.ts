/** `enqueue NAME [JSON|@file|-]`: stores one task. */
import { defineCommand } from "citty";
import { parseDurationMs } from "../../config/units.ts";
import { checkBuiltInPayload } from "../../handlers/built-in.ts";
import { enqueueTask } from "../../store/enqueue.ts";
import { OperatorError } from "../../task/errors.ts";
import { checkNewTask } from "../../task/new-task.ts";
import { withDatabase } from "../database.ts";
import { printJson, printLine } from "../output.ts";
import { prepare } from "../prepare.ts";
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
    repeat: {
      type: "string",
      description: "Run again this long after each planned time, such as 1h",
      valueHint: "duration",
    },
    "repeat-until": { type: "string", description: "Plan no run after this instant", valueHint: "instant" },
    "repeat-after-failure": { type: "boolean", description: "Repeat also after a run that failed for good" },
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
      runAt: readInstant("run-at", args["run-at"]),
      maxAttempts: readInteger("max-attempts", args["max-attempts"]),
      timeoutMs: args.timeout === undefined ? undefined : parseDurationMs(args.timeout),
      repeatMs: args.repeat === undefined ? undefined : parseDurationMs(args.repeat),
      repeatUntil: readInstant("repeat-until", args["repeat-until"]),
      repeatAfterFailure: args["repeat-after-failure"],
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

export async function readPayload(given: string | undefined): Promise<unknown> {
  if (given === undefined) return undefined;
  const text = await readPayloadText(given);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OperatorError(
      "usage",
      `the payload is not JSON: ${error instanceof Error ? error.message : error}`,
      {
        hint: `fiscaut-tasks enqueue NAME '{"key": "value"}', or @FILE where the shell eats the quotes`,
      },
    );
  }
}

async function readPayloadText(given: string): Promise<string> {
  if (given === "-") return await Bun.stdin.text();
  if (!given.startsWith("@")) return given;
  const path = given.slice(1);
  try {
    return await Bun.file(path).text();
  } catch {
    throw new OperatorError("usage", `the payload's file ${path} can't be read`);
  }
}

export function readInteger(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text)) throw new OperatorError("usage", `--${flag}: "${text}" is not a whole number`);
  return Number(text);
}

function readInstant(flag: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  // Without a zone it would mean another instant on each machine.
  const at = /(Z|[+-]\d\d:?\d\d)$/i.test(text) ? new Date(text) : undefined;
  if (at === undefined || Number.isNaN(at.getTime()))
    throw new OperatorError("usage", `--${flag}: "${text}" is not an instant with a time zone`, {
      hint: `--${flag} 2026-12-01T08:00:00-03:00`,
    });
  return at;
}
