/** The entry of the thread that runs handlers: the first message configures it, all others are the engine's. */
import { captureConsole } from "../../engine/handlers/handler-console.ts";
import { serveHandlers } from "../../engine/handlers/handler-thread.ts";
import { createLocalRunner } from "../../engine/handlers/runner.ts";
import type { FromThread, ToThread } from "../../engine/handlers/thread-messages.ts";
import { ChildProcesses } from "../../handlers/child/child-processes.ts";
import type { Handler } from "../../handlers/handler.ts";
import { type HandlerFault, loadHandlers } from "../../handlers/load-handlers.ts";
import { anyPayload } from "../../handlers/payload.ts";
import { openStore } from "../../store/connection.ts";
import type { Retention } from "../../task/retention.ts";
import { stackOf } from "../../task/thrown.ts";
import { openJob } from "../../windows/job.ts";
import { childEnvironment } from "./child-environment.ts";
import { handlerConnections } from "./connections.ts";
import { isolatedHandlerCommand } from "./isolated-handler.ts";
import { createHandlers, type HandlerConfig } from "./run-handlers.ts";

/** Travels within the process; the URL holds a password. */
export interface ThreadSetup {
  databaseUrl: string;
  pooled: boolean;
  config: HandlerConfig;
  retention: Retention;
  /** The operator's own. */
  handlersDir: string | undefined;
  /** Files of it that are not to be imported. */
  skip: readonly HandlerFault[];
}

const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent) => void;
  postMessage(message: FromThread): void;
};
const send = (message: FromThread) => thread.postMessage(message);
captureConsole(globalThis.console);

thread.onmessage = async ({ data }: MessageEvent<ThreadSetup>) => {
  const { databaseUrl, pooled, config, retention, handlersDir, skip } = data;
  const onFile = (file: string) => send({ kind: "loading", file });
  const environment = childEnvironment(process.env);
  const children = new ChildProcesses({
    environment,
    isolatedCommand: isolatedHandlerCommand,
    ...(process.platform === "win32" && { openJob }),
  });
  const own =
    handlersDir === undefined ? undefined : await loadHandlers(handlersDir, { onFile, skip, children });
  const store = openStore({
    url: databaseUrl,
    applicationName: "fiscaut-tasks handlers",
    maxConnections: handlerConnections,
    pooled,
  });
  store.onEvent = (event) => send({ kind: "done", event });
  const handlers = createHandlers(store, config, own?.handlers);
  const take = serveHandlers(createLocalRunner(handlers, { store, retention }), send);
  thread.onmessage = (event: MessageEvent<ToThread>) => take(event.data);
  send({ kind: "loaded", handlers: handlers.all.map(summarise), faults: own?.faults ?? [] });
};

/** What can travel: no schema, no function. */
const summarise = ({ name, timeoutMs, backoff, file, payload }: Handler) => ({
  name,
  timeoutMs,
  backoff,
  file,
  // Those of the built-in ones every door knows itself.
  checks: file !== undefined && payload !== anyPayload,
});

// Nobody waits for these: one handler's loose end must not take the others along.
for (const event of ["unhandledRejection", "uncaughtException"] as const)
  process.on(event, (error: unknown) => send({ kind: "fault", message: stackOf(error) }));
