/** From words to a command, and from whatever it came to, to an exit code. The commands are in `commands/`. */
import { defineCommand, renderUsage, runCommand as runCittyCommand } from "citty";
import { stderr, stdout } from "../log/sync-stream.ts";
import { OperatorError } from "../task/errors.ts";
import { batchCommand } from "./commands/batch.ts";
import { cancelCommand } from "./commands/cancel.ts";
import { changeCommand } from "./commands/change.ts";
import { configCommand } from "./commands/config.ts";
import { deleteCommand } from "./commands/delete.ts";
import { enqueueCommand } from "./commands/enqueue.ts";
import { fiscautCommand } from "./commands/fiscaut.ts";
import { handlersCommand } from "./commands/handlers.ts";
import { listCommand } from "./commands/list.ts";
import { logsCommand } from "./commands/logs.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { pruneCommand } from "./commands/prune.ts";
import { queueCommand } from "./commands/queue.ts";
import { retryCommand } from "./commands/retry.ts";
import { runCommand } from "./commands/run.ts";
import { scheduleCommand } from "./commands/schedule.ts";
import { showCommand } from "./commands/show.ts";
import { sourceCommand } from "./commands/source.ts";
import { syncCommand } from "./commands/sync.ts";
import { printVersion, versionCommand } from "./commands/version.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { type AnyCommand, checkArguments, findCommand } from "./input/arguments.ts";
import { printLine } from "./output.ts";
import { isolatedHandlerWord, runIsolatedHandler } from "./worker/isolated-handler.ts";
import { odbcReaderWord, runOdbcReader } from "./worker/odbc-reader.ts";

const root: AnyCommand = defineCommand({
  meta: { name: "fiscaut-tasks", description: "Background-task worker for the Fiscaut connector" },
  subCommands: {
    run: runCommand,
    sync: syncCommand,
    source: sourceCommand,
    fiscaut: fiscautCommand,
    enqueue: enqueueCommand,
    list: listCommand,
    show: showCommand,
    logs: logsCommand,
    retry: retryCommand,
    cancel: cancelCommand,
    batch: batchCommand,
    prune: pruneCommand,
    queue: queueCommand,
    change: changeCommand,
    delete: deleteCommand,
    schedule: scheduleCommand,
    migrate: migrateCommand,
    handlers: handlersCommand,
    config: configCommand,
    version: versionCommand,
  },
});

/** Never rejects: a fault is told on stderr and in the code. */
export async function main(words: string[]): Promise<ExitCode> {
  try {
    if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
      printVersion();
      return exitCodes.ok;
    }
    if (words[0] === isolatedHandlerWord) return await runIsolatedHandler();
    if (words[0] === odbcReaderWord) return await runOdbcReader();
    const { command, parent, rawArgs, help } = findCommand(root, words);
    if (help || command.subCommands !== undefined) {
      const usage = await renderUsage(command, parent === root ? root : undefined);
      const text = (stdout.isTTY ? usage : Bun.stripANSI(usage)).replaceAll(/ +$/gm, "");
      if (help) printLine(text);
      else stderr.write(`${text}\n`);
      return help ? exitCodes.ok : exitCodes.usage;
    }
    checkArguments(command, rawArgs);
    const { result } = await runCittyCommand(command, { rawArgs });
    return typeof result === "number" ? (result as ExitCode) : exitCodes.ok;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): ExitCode {
  if (error instanceof OperatorError) {
    stderr.write(`error: ${error.message}\n`);
    if (error.hint !== undefined) stderr.write(`Try: ${error.hint}\n`);
    return exitCodes[error.kind];
  }
  // citty's own: a flag that is required.
  if (error instanceof Error && error.name === "CLIError") {
    stderr.write(`error: ${Bun.stripANSI(error.message)}\nTry: --help\n`);
    return exitCodes.usage;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`error: unexpected: ${text}\n`);
  return exitCodes.failed;
}
