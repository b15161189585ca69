/** The entry of the thread that runs handlers: the first message configures it, all others are the engine's. */
import { captureConsole } from "../engine/handler-console.ts";
import { serveHandlers } from "../engine/handler-thread.ts";
import { createLocalRunner } from "../engine/runner.ts";
import type { FromThread, ToThread } from "../engine/thread-messages.ts";
import { openStore } from "../store/connection.ts";
import type { CreatedEvent } from "../task/events.ts";
import type { Retention } from "../task/retention.ts";
import { createHandlers, type HandlerConfig } from "./run-handlers.ts";

/** Travels within the process; the URL holds a password. */
export interface ThreadSetup {
  databaseUrl: string;
  config: HandlerConfig;
  retention: Retention;
}

/** Only what handlers enqueue and ask for goes over it. */
const connections = 2;

const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent) => void;
  postMessage(message: FromThread): void;
};
const send = (message: FromThread) => thread.postMessage(message);
captureConsole(globalThis.console);

thread.onmessage = ({ data }: MessageEvent<ThreadSetup>) => {
  const store = openStore({
    url: data.databaseUrl,
    applicationName: "fiscaut-tasks handlers",
    maxConnections: connections,
  });
  const emit = (event: CreatedEvent) => send({ kind: "created", event });
  const runner = createLocalRunner(createHandlers(store, data.config, emit), {
    store,
    emit,
    retention: data.retention,
  });
  const take = serveHandlers(runner, send);
  thread.onmessage = (event: MessageEvent<ToThread>) => take(event.data);
};

// Nobody waits for these: one handler's loose end must not take the others along.
for (const event of ["unhandledRejection", "uncaughtException"] as const)
  process.on(event, (error: unknown) =>
    send({ kind: "fault", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
