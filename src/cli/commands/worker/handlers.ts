/** `handlers list` and `check`: what handlers there are, and what is wrong with the operator's own. `types` is beside. */
import { resolve } from "node:path";
import { defineCommand } from "citty";
import { builtInNames } from "../../../handlers/built-in.ts";
import type { Handler } from "../../../handlers/handler.ts";
import { FileRefused } from "../../../handlers/import-file.ts";
import { type LoadedHandlers, loadHandlerFile, loadHandlers } from "../../../handlers/load-handlers.ts";
import { stderr } from "../../../log/sync-stream.ts";
import { OperatorError } from "../../../task/errors.ts";
import { formatDuration } from "../../../task/time/duration.ts";
import { exitCodes } from "../../exit-codes.ts";
import { many } from "../../input/arguments.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine, printTable } from "../../output/print.ts";
import { findHandlersDir } from "../../own-handlers.ts";
import { prepare } from "../../prepare.ts";
import { typesCommand } from "./handlers-types.ts";

const listCommand = defineCommand({
  meta: {
    name: "handlers list",
    description: "Show the handlers, built in and your own",
    examples: ["fiscaut-tasks handlers list", "fiscaut-tasks handlers list --handlers ./handlers"],
  },
  args: { json: { type: "boolean", description: "Print JSON" }, ...settingFlags("handlers") },
  async run(context) {
    const dir = findHandlersDir(prepare(context));
    const { handlers, faults } = dir === undefined ? { handlers: [], faults: [] } : await loadHandlers(dir);
    const shown = [...builtInNames.map((name): Partial<Handler> => ({ name })), ...handlers].map(
      ({ name = "", file = null, timeoutMs = null, backoff = null }) => ({ name, file, timeoutMs, backoff }),
    );
    if (context.args.json) {
      printJson({ dir: dir ?? null, handlers: shown, faults });
      return;
    }
    printTable(
      shown.map(({ name, file, timeoutMs, backoff }) => ({
        name,
        "time-out": timeoutMs === null ? null : formatDuration(timeoutMs),
        "back-off": backoff,
        from: file ?? "built in",
      })),
    );
    for (const { message } of faults) printLine(`\nrefused: ${message}`);
    if (dir === undefined) printLine("\nno folder of your own handlers: --handlers names one");
  },
});

const checkCommand = defineCommand({
  meta: {
    name: "handlers check",
    description: "Load your own handlers and tell what is wrong with them",
    examples: ["fiscaut-tasks handlers check", "fiscaut-tasks handlers check handlers/add-up.ts"],
  },
  args: {
    [`file${many}`]: {
      type: "positional",
      required: false,
      description: "Only these files (default: all)",
      path: "file",
    },
    ...settingFlags("handlers"),
  },
  async run(context) {
    const prepared = prepare(context);
    const named: string[] = context.args._;
    const { handlers, faults } = named.length > 0 ? await loadFiles(named) : await loadAll(prepared);
    for (const { name, file } of handlers) printLine(`${name}: ${file}`);
    for (const { message } of faults) stderr.write(`error: ${message}\n`);
    return faults.length > 0 ? exitCodes.failed : exitCodes.ok;
  },
});

async function loadAll(prepared: ReturnType<typeof prepare>): Promise<LoadedHandlers> {
  const dir = findHandlersDir(prepared);
  if (dir !== undefined) return await loadHandlers(dir);
  throw new OperatorError("usage", "there is no folder of your own handlers", {
    hint: "fiscaut-tasks handlers check FILE, or --handlers DIR",
  });
}

async function loadFiles(named: string[]): Promise<LoadedHandlers> {
  const loaded: LoadedHandlers = { handlers: [], faults: [] };
  for (const name of named) {
    const file = resolve(name);
    try {
      loaded.handlers.push(await loadHandlerFile(file));
    } catch (error) {
      if (!(error instanceof FileRefused)) throw error;
      loaded.faults.push({ file, message: error.message });
    }
  }
  return loaded;
}

export const handlersCommand = defineCommand({
  meta: {
    name: "handlers",
    description: "Look into the handlers, built in and your own",
    examples: [
      "fiscaut-tasks handlers list",
      "fiscaut-tasks handlers check",
      "fiscaut-tasks handlers types handlers",
    ],
  },
  subCommands: { list: listCommand, check: checkCommand, types: typesCommand },
});
