/**
 * The handlers' side of `thread-runner.ts`: takes attempts, runs them, tells what came of them. Which handlers there
 * are is decided by the thread's entry, in the composition root.
 */
import type { PayloadRefused } from "../../handlers/payload.ts";
import type { Attempt } from "./attempt.ts";
import { withConsole } from "./handler-console.ts";
import type { HandlerRunner, Reports } from "./runner.ts";
import type { FromThread, ToThread } from "./thread-messages.ts";

/** @returns what takes the worker's messages. */
export function serveHandlers(
  runner: HandlerRunner,
  send: (message: FromThread) => void,
): (message: ToThread) => void {
  const running = new Map<number, Attempt>();
  const ended: Extract<FromThread, { kind: "ended" }>["attempts"] = [];
  const checked: Extract<FromThread, { kind: "checked" }>["checked"] = [];

  function tellEnded() {
    send({ kind: "ended", attempts: ended.splice(0) });
  }

  function start(n: number, task: Parameters<HandlerRunner["start"]>[0]) {
    const reports: Reports = {
      log: (message, fields = {}) => send({ kind: "log", n, message, fields: cloneable(fields) }),
      progress: (fraction, message) => send({ kind: "progress", n, fraction, message }),
    };
    const attempt = withConsole(reports.log, () => runner.start(task, reports));
    running.set(n, attempt);
    attempt.outcome.then(({ outcome, abandoned }) => {
      running.delete(n);
      // Those that end in one turn of the event loop go in one message.
      if (ended.push({ n, outcome, abandoned }) === 1) queueMicrotask(tellEnded);
    });
  }

  async function check({ n, tasks }: Extract<ToThread, { kind: "check" }>["checks"][number]) {
    const refused = await runner.checkPayloads(tasks).then(
      () => undefined,
      (error: PayloadRefused) => ({ index: error.index, fault: error.fault }),
    );
    if (checked.push({ n, refused }) === 1)
      queueMicrotask(() => send({ kind: "checked", checked: checked.splice(0) }));
  }

  return (message) => {
    switch (message.kind) {
      case "start":
        for (const { n, task } of message.attempts) start(n, task);
        break;
      case "abort":
        running.get(message.n)?.abort(message.reason);
        break;
      case "check":
        for (const asked of message.checks) check(asked);
        break;
      case "ping":
        send({ kind: "heard" });
        break;
    }
  };
}

/** A handler may log what can't travel, such as a function or a socket: that must not become its error. */
function cloneable(fields: Record<string, unknown>): Record<string, unknown> {
  try {
    return structuredClone(fields);
  } catch {
    return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
  }
}
