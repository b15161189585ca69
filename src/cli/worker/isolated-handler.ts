/**
 * The process of an isolated handler, from its start by the worker to its end: a command that no operator gives. What it
 * does meanwhile is `handlers/isolated/serve-attempt.ts`'s work.
 */
import type { FromChild, ToChild } from "../../handlers/isolated/messages.ts";
import { serveAttempt } from "../../handlers/isolated/serve-attempt.ts";
import { OperatorError } from "../../task/errors.ts";
import { stackOf } from "../../task/thrown.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { isolatedHandlerWord, ownCommand } from "./own-command.ts";

/** Starts one. */
export const isolatedHandlerCommand = ownCommand(isolatedHandlerWord);

/** @throws OperatorError "usage" where there is no worker to talk to. */
export async function runIsolatedHandler(): Promise<ExitCode> {
  if (process.send === undefined)
    throw new OperatorError("usage", `${isolatedHandlerWord} is for the worker alone`, {
      hint: "fiscaut-tasks run",
    });
  const send = (message: FromChild) => void process.send?.(message);
  const take = serveAttempt(send);
  const { promise: disconnected, resolve } = Promise.withResolvers<void>();
  process.on("disconnect", resolve);
  process.on("message", (message: ToChild) => take(message));
  // Nobody waits for these, and the attempt goes on, as it does in the handlers' thread.
  for (const event of ["unhandledRejection", "uncaughtException"] as const)
    process.on(event, (error: unknown) => {
      const words = stackOf(error);
      send({ kind: "log", message: `an error that nobody waited for: ${words}`, fields: undefined });
    });
  // A service manager may signal all processes of the service: whether this one is to stop is told by the worker.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
  await disconnected;
  return exitCodes.ok;
}
