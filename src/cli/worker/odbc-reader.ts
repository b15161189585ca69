/**
 * The process that reads over ODBC, from its start to its end: a command that no operator gives. What it does meanwhile
 * is `sources/odbc/serve-reader.ts`'s work.
 */
import type { FromReader, ToReader } from "../../sources/odbc/messages.ts";
import type { ReaderCommand } from "../../sources/odbc/reader-process.ts";
import { serveReader } from "../../sources/odbc/serve-reader.ts";
import { OperatorError } from "../../task/errors.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { childEnvironment } from "./child-environment.ts";
import { odbcReaderWord, ownCommand } from "./own-command.ts";

/** Starts one. Drivers find their settings in the environment, which `--env-file` adds to. */
export const odbcReaderCommand: ReaderCommand = {
  words: ownCommand(odbcReaderWord),
  get environment() {
    return {
      ...childEnvironment(process.env),
      // A driver that crashes is not Bun's fault, and what it was given is nobody's to see.
      BUN_ENABLE_CRASH_REPORTING: "0",
    };
  },
};

/** A handlers' thread that is replaced leaves its processes with their channels open: who asks no more is gone. */
const longestPauseMs = 600_000;

/**
 * Ends when it is disconnected, and when nothing was asked for `pauseMs`.
 * @throws OperatorError "usage" where there is nobody to read for.
 */
export async function runOdbcReader(pauseMs = longestPauseMs): Promise<ExitCode> {
  if (process.send === undefined)
    throw new OperatorError("usage", `${odbcReaderWord} is for other commands alone`, {
      hint: "fiscaut-tasks sync suppliers --source odbc:DSN=...",
    });
  const reader = serveReader((answer: FromReader) => void process.send?.(answer));
  const { promise: ended, resolve } = Promise.withResolvers<ExitCode>();
  const pause = setTimeout(() => resolve(exitCodes.failed), pauseMs);
  process.on("disconnect", () => resolve(exitCodes.ok));
  process.on("message", (question: ToReader) => {
    reader.take(question);
    pause.refresh();
  });
  // A service manager may signal all processes of the service: whether this one is to stop is told by who started it.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
  const exitCode = await ended;
  reader.close();
  return exitCode;
}
