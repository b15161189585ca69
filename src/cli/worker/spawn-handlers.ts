/** Starts the thread of `handler-thread.ts`, as the engine's `attempt-thread.ts` wants it. */
import type { Thread } from "../../engine/handlers/attempt-thread.ts";
import type { ThreadSetup } from "./handler-thread.ts";

/** The executable holds it as an entry of its own, by its path in the repository (see `scripts/build/executable.ts`). */
const entry = Bun.isStandaloneExecutable ? "./src/cli/worker/handler-thread.js" : "./handler-thread.ts";

export function spawnHandlers(setup: ThreadSetup): Thread {
  return spawnThread(new URL(entry, import.meta.url).href, setup);
}

/** @param setup the thread's first message, if it wants one. */
export function spawnThread(url: string, setup?: ThreadSetup): Thread {
  const worker = new Worker(url);
  const thread: Thread = {
    send: (message) => worker.postMessage(message),
    onMessage: () => {},
    onEnd: () => {},
    terminate: () => worker.terminate(),
  };
  worker.onmessage = (event) => thread.onMessage(event.data);
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    thread.onMessage({ kind: "fault", message: event.message });
  });
  worker.addEventListener("close", () => thread.onEnd());
  if (setup !== undefined) worker.postMessage(setup);
  return thread;
}
