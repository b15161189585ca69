/**
 * One attempt in the process of an isolated handler: loads its file, checks the payload, runs it and tells the worker.
 * The process itself, its beginning and its end, is `cli/worker/isolated-handler.ts`'s affair.
 */
import { maxPayloadBytes } from "../../task/doors/new-task.ts";
import { PermanentError } from "../../task/outcome.ts";
import { storableJson } from "../../task/storable.ts";
import { boundReports } from "../child/bounded-reports.ts";
import type { HandlerContext } from "../context.ts";
import { loadHandlerFile } from "../load-handlers.ts";
import { describeRefusal, readPayload } from "../payload.ts";
import type { FromChild, ToChild } from "./messages.ts";
import { createRemoteVerbs } from "./remote-verbs.ts";
import { receiveError, sendError } from "./sent-error.ts";

/**
 * @param send throws for what can't be cloned.
 * @returns what takes the worker's messages.
 */
export function serveAttempt(send: (message: FromChild) => void): (message: ToChild) => void {
  const controller = new AbortController();
  let remote: ReturnType<typeof createRemoteVerbs> | undefined;

  async function run({ file, payload, task, verbs }: Extract<ToChild, { kind: "run" }>): Promise<void> {
    const reports = boundReports({
      log: (message, fields) => sendLog(send, message, fields),
      progress: (fraction, message) => send({ kind: "progress", fraction, message }),
    });
    remote = createRemoteVerbs(verbs, send);
    const context = {
      ...{ task, signal: controller.signal, log: reports.log, progress: reports.progress },
      ...remote.verbs,
    } as unknown as HandlerContext;
    const last = await attempt(file, payload, context);
    reports.flush();
    send(last);
  }

  return (message) => {
    if (message.kind === "run") run(message);
    else if (message.kind === "abort") controller.abort(receiveError(message.reason));
    else remote?.take(message);
  };
}

async function attempt(file: string, given: unknown, context: HandlerContext): Promise<FromChild> {
  try {
    const handler = await loadHandlerFile(file);
    const payload = await readPayload(handler.payload, given);
    if ("fault" in payload) throw refusalOf(handler.name, payload.fault);
    return { kind: "succeeded", json: jsonOf(await handler.run(payload.value, context), context.log) };
  } catch (error) {
    return { kind: "threw", error: sendError(error) };
  }
}

function refusalOf(name: string, fault: string): PermanentError {
  const error = new PermanentError(describeRefusal(name, fault));
  // Of ours, and of no use to the operator.
  delete error.stack;
  return error;
}

/** As the engine keeps it: what can't be kept need not travel. It must not turn a success into an error. */
function jsonOf(result: unknown, log: HandlerContext["log"]): string {
  const kept = storableJson(result, maxPayloadBytes);
  if ("value" in kept) return JSON.stringify(kept.value);
  const words = `the result ${kept.fault}`;
  log(`not kept: ${words}`);
  return JSON.stringify({ dropped: words });
}

/** A handler may log what can't travel, such as a function or a socket: that must not become its error. */
function sendLog(send: (message: FromChild) => void, message: unknown, fields?: Record<string, unknown>) {
  const line = { kind: "log", message: String(message) } as const;
  try {
    send({ ...line, fields });
  } catch {
    const texts = Object.entries(fields ?? {}).map(([name, value]) => [name, String(value)]);
    send({ ...line, fields: Object.fromEntries(texts) });
  }
}
