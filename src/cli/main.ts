/** From words to a command, and from whatever it came to, to an exit code. The tree of commands is `root.ts`. */
import { runCommand } from "citty";
import { stderr, stdout } from "../log/sync-stream.ts";
import { OperatorError } from "../task/errors.ts";
import { printVersion } from "./commands/version.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { checkArguments, findCommand } from "./input/arguments.ts";
import { printLine } from "./output.ts";
import { root } from "./root.ts";
import { renderHelp } from "./tree/help.ts";
import { isolatedHandlerWord, runIsolatedHandler } from "./worker/isolated-handler.ts";
import { odbcReaderWord, runOdbcReader } from "./worker/odbc-reader.ts";

/** Never rejects: a fault is told on stderr and in the code. */
export async function main(words: string[]): Promise<ExitCode> {
  try {
    if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
      printVersion();
      return exitCodes.ok;
    }
    if (words[0] === isolatedHandlerWord) return await runIsolatedHandler();
    if (words[0] === odbcReaderWord) return await runOdbcReader();
    const { command, rawArgs, help } = findCommand(root, words);
    if (help || command.subCommands !== undefined) {
      const shown = await renderHelp(command, root);
      const text = stdout.isTTY ? shown : Bun.stripANSI(shown);
      if (help) printLine(text);
      else stderr.write(`${text}\n`);
      return help ? exitCodes.ok : exitCodes.usage;
    }
    checkArguments(command, rawArgs);
    const { result } = await runCommand(command, { rawArgs });
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
