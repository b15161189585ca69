/**
 * From words to a command, and from whatever it came to, to an exit code. The tree of commands is `root.ts`. What is imported
 * here when it is called for is what makes a start quick: the parts are few, since each file more costs time by itself.
 */
import { defineCommand, runCommand } from "citty";
import { stderr, stdout } from "../log/sync-stream.ts";
import { windowsServiceWord } from "../service/windows/words.ts";
import { OperatorError } from "../task/errors.ts";
import { stackOf } from "../task/thrown.ts";
import { printVersion } from "./commands/installation/version.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { type AnyCommand, checkArguments, findCommand } from "./input/arguments.ts";
import { printLine } from "./output/print.ts";
import { redact } from "./redact.ts";
import { renderHelp } from "./tree/help.ts";
import { isolatedHandlerWord, odbcReaderWord } from "./worker/own-command.ts";
import { type Outcome, runWindowsService } from "./worker/windows-service.ts";

/** Never rejects: a fault is told on stderr and in the code. */
export async function main(words: string[]): Promise<ExitCode> {
  const run = words[0] === windowsServiceWord ? runAsWindowsService : runWords;
  const { code, fault } = await run(words);
  if (fault !== undefined) stderr.write(fault);
  return code;
}

async function runAsWindowsService([, ...words]: string[]): Promise<Outcome> {
  try {
    return { code: await runWindowsService(words, runWords) };
  } catch (error) {
    return explain(error);
  }
}

async function runWords(words: string[]): Promise<Outcome> {
  try {
    if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
      printVersion();
      return { code: exitCodes.ok };
    }
    if (words[0] === isolatedHandlerWord)
      return { code: await (await import("./worker/isolated-handler.ts")).runIsolatedHandler() };
    if (words[0] === odbcReaderWord)
      return { code: await (await import("./worker/odbc-reader.ts")).runOdbcReader() };
    const root = await treeFor(words);
    const { command, rawArgs, help } = findCommand(root, words);
    if (help || command.subCommands !== undefined) {
      const shown = await renderHelp(command, root);
      const text = stdout.isTTY ? shown : Bun.stripANSI(shown);
      if (help) printLine(text);
      else stderr.write(`${text}\n`);
      return { code: help ? exitCodes.ok : exitCodes.usage };
    }
    checkArguments(command, rawArgs);
    const { result } = await runCommand(command, { rawArgs });
    return { code: typeof result === "number" ? (result as ExitCode) : exitCodes.ok };
  } catch (error) {
    return explain(error);
  }
}

/** A worker that starts needs no other command, and they need twice of what it does; nor does a script that enqueues. */
async function treeFor([name]: string[]): Promise<AnyCommand> {
  const treeOf = (subCommands: Record<string, AnyCommand>) =>
    defineCommand({ meta: { name: "fiscaut-tasks" }, subCommands });
  if (name === "run") return treeOf({ run: (await import("./commands/worker/run.ts")).runCommand });
  if (name === "enqueue")
    return treeOf({ enqueue: (await import("./commands/tasks/enqueue.ts")).enqueueCommand });
  return (await import("./root.ts")).root;
}

function explain(error: unknown): Outcome {
  if (error instanceof OperatorError) {
    const hint = error.hint === undefined ? "" : `Try: ${error.hint}\n`;
    return { code: exitCodes[error.kind], fault: redact(`error: ${error.message}\n${hint}`) };
  }
  // citty's own: a flag that is required.
  if (error instanceof Error && error.name === "CLIError")
    return { code: exitCodes.usage, fault: `error: ${Bun.stripANSI(error.message)}\nTry: --help\n` };
  const text = stackOf(error);
  return { code: exitCodes.failed, fault: redact(`error: unexpected: ${text}\n`) };
}
