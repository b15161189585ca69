/** Starts the thread of `hook-thread.ts`, as `hook-runner.ts` wants it. */
import type { HookThread } from "./hook-runner.ts";

/** The executable holds it as an entry of its own, by its path in the repository (see `scripts/build/executable.ts`). */
const entry = Bun.isStandaloneExecutable ? "./src/hooks/hook-thread.js" : "./hook-thread.ts";

export function spawnHooks(): HookThread {
  const worker = new Worker(new URL(entry, import.meta.url).href);
  const thread: HookThread = {
    send: (message) => worker.postMessage(message),
    onMessage: () => {},
    onEnd: () => {},
    terminate: () => worker.terminate(),
  };
  worker.onmessage = (event) => thread.onMessage(event.data);
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    thread.onMessage({ kind: "fault", fault: { message: event.message } });
  });
  worker.addEventListener("close", () => thread.onEnd());
  return thread;
}
