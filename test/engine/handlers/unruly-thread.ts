/** The entry of a thread whose handlers misbehave in the ways that `thread-runner.test.ts` is about. */
import { z } from "zod";
import type { ThreadSetup } from "../../../src/cli/worker/handler-thread.ts";
import { captureConsole } from "../../../src/engine/handlers/handler-console.ts";
import { serveHandlers } from "../../../src/engine/handlers/handler-thread.ts";
import { createLocalRunner } from "../../../src/engine/handlers/runner.ts";
import type { FromThread, ToThread } from "../../../src/engine/handlers/thread-messages.ts";
import type { HandlerContext } from "../../../src/handlers/context.ts";
import { defineHandler, HandlerRegistry } from "../../../src/handlers/handler.ts";
import { openStore } from "../../../src/store/connection.ts";
import { keepForever } from "../../keep-forever.ts";

const runs: Record<string, (payload: number, context: HandlerContext) => Promise<unknown>> = {
  quick: async (payload) => payload,
  /** Blocks the event loop for so many ms. */
  async spin(ms, { log }) {
    log("spinning");
    const untilMs = performance.now() + ms;
    while (performance.now() < untilMs);
    return "spun";
  },
  /** Waits for so many ms, whatever its signal says. */
  async deaf(ms) {
    await Bun.sleep(ms);
  },
  async patient(ms, { signal }) {
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
    await promise;
  },
  async exit() {
    process.exit(1);
  },
  async "loose-end"() {
    setTimeout(() => {
      throw new Error("nobody waits for me");
    }, 1);
    await Bun.sleep(50);
  },
  async parent(count, { enqueue, enqueueBatch }) {
    await enqueue({ name: "child", queue: "young" });
    return await enqueueBatch("children", Array(count).fill({ name: "child" }));
  },
  async talks() {
    // biome-ignore lint/suspicious/noConsole: it is what is tested.
    console.log("to %s", "JOSÉ", { n: 1 });
    await Bun.sleep(1);
    // biome-ignore lint/suspicious/noConsole: it is what is tested.
    console.error(new RangeError("still it"));
  },
  async odd(_payload, { log, progress }) {
    log("not a plain thing", { callback: () => 1 });
    progress(0.5, "half");
  },
};

const handlers = new HandlerRegistry(
  Object.entries(runs).map(([name, run]) => defineHandler({ name, payload: z.number(), run })),
);
/** @param url for the one that enqueues; without it, nothing is ever connected to. */
function serve(url = "postgres://127.0.0.1:9/none") {
  const store = openStore({ url, applicationName: "unruly", maxConnections: 1 });
  store.onEvent = (event) => send({ kind: "done", event });
  const runner = createLocalRunner(handlers, {
    store,
    retention: keepForever,
  });
  return serveHandlers(runner, send);
}
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToThread | ThreadSetup>) => void;
  postMessage(message: FromThread): void;
};
const send = (message: FromThread) => thread.postMessage(message);
captureConsole(globalThis.console);
let take = serve();
thread.onmessage = ({ data }) => {
  if ("databaseUrl" in data) take = serve(data.databaseUrl);
  else take(data);
};
for (const event of ["unhandledRejection", "uncaughtException"] as const)
  process.on(event, (error: unknown) => thread.postMessage({ kind: "fault", message: String(error) }));
const loaded = handlers.all.map(({ name }) => ({
  name,
  timeoutMs: undefined,
  backoff: undefined,
  file: undefined,
  checks: false,
}));
send({ kind: "loaded", handlers: loaded, faults: [] });
