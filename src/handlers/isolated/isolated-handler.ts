/**
 * A handler that runs each attempt in a process of its own, which dies alone: the worker's side. What happens in that
 * process is `serve-attempt.ts`'s work.
 */
import { boundReports } from "../child/bounded-reports.ts";
import { type ChildProcesses, inOwnGroup } from "../child/child-processes.ts";
import { waitForEnd } from "../child/end-of-child.ts";
import { LastLines, maxLineLength } from "../child/end-words.ts";
import { readLines } from "../child/output.ts";
import type { HandlerContext } from "../context.ts";
import type { Handler } from "../handler.ts";
import type { PayloadSchema } from "../payload.ts";
import { answerCalls } from "./answer-calls.ts";
import type { FromChild, ToChild } from "./messages.ts";
import { receiveError, sendError } from "./sent-error.ts";

/** @param handler loaded here only to know its name and payload; it is loaded again where it runs. */
export function isolatedHandler(handler: Handler & { file: string }, children: ChildProcesses): Handler {
  return {
    ...handler,
    payload: checkOnly(handler.payload),
    run: (payload, context) => runIsolated(handler.file, payload, context, children),
  };
}

/** What the schema makes of a payload is made where the handler runs: made twice, it might be something else. */
function checkOnly(schema: PayloadSchema): PayloadSchema {
  const { vendor, validate } = schema["~standard"];
  return {
    "~standard": {
      version: 1,
      vendor,
      async validate(value) {
        const result = await validate(value);
        return result.issues === undefined ? { value } : result;
      },
    },
  };
}

type Last = Extract<FromChild, { kind: "succeeded" | "threw" }>;

async function runIsolated(
  file: string,
  payload: unknown,
  context: HandlerContext,
  children: ChildProcesses,
): Promise<unknown> {
  const { signal, task } = context;
  const reports = boundReports(context);
  const finished = Promise.withResolvers<void>();
  let disconnected = false;
  const calls = answerCalls(context, (message) => send(message));
  const child = Bun.spawn([...children.isolatedCommand], {
    ...inOwnGroup,
    // What process lists show, however it was reached.
    argv0: process.execPath,
    env: children.environmentOf(task),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    serialization: "advanced",
    ipc: (message: FromChild) => take(message),
    onDisconnect: () => {
      disconnected = true;
    },
  });
  const tree = children.watch(child);
  let last: Last | undefined;

  function send(message: ToChild): void {
    // One that has ended hears nothing; what becomes of the attempt is told by its end.
    if (!disconnected) child.send(message);
  }

  function take(message: FromChild): void {
    switch (message.kind) {
      case "log":
        context.log(message.message, message.fields);
        break;
      case "progress":
        context.progress(message.fraction, message.message);
        break;
      case "succeeded":
      case "threw":
        last = message;
        finished.resolve();
        // It has nothing left to do, and ends.
        child.disconnect();
        break;
      default:
        calls.take(message);
    }
  }

  try {
    send({ kind: "run", file, payload, task, verbs: calls.verbs });
    const lastLines = new LastLines();
    const readings = [child.stdout, child.stderr].map((stream) =>
      readLines(stream, maxLineLength, (line) => {
        lastLines.take(line);
        reports.log(line);
      }),
    );
    await waitForEnd(child, {
      signal,
      tree,
      onAbort: () => send({ kind: "abort", reason: sendError(signal.reason) }),
      outputEnded: Promise.all(readings.map(({ ended }) => ended)),
      finished: finished.promise,
      limits: children.limits,
    });
    for (const reading of readings) reading.stop();
    if (last?.kind === "succeeded") return JSON.parse(last.json);
    if (last?.kind === "threw") throw receiveError(last.error);
    if (signal.aborted) throw signal.reason;
    throw lastLines.explain(new Error(`its process ended before it did: ${lastLines.describe(child)}`));
  } finally {
    calls.end();
    tree.forget();
    reports.flush();
  }
}
