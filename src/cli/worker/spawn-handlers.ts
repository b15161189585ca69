/** Starts the thread of `handler-thread.ts`, as the engine's `attempt-thread.ts` wants it. */
import type { Thread } from "../../engine/handlers/attempt-thread.ts";
import type { FromThread, ToThread } from "../../engine/handlers/thread-messages.ts";
import { spawnThread, type ThreadOf } from "../../handlers/thread.ts";
import type { ThreadSetup } from "./handler-thread.ts";

/** The executable holds it as an entry of its own, by its path in the repository (see `scripts/build/executable.ts`). */
const entry = Bun.isStandaloneExecutable ? "./src/cli/worker/handler-thread.js" : "./handler-thread.ts";

/** A thread that imports what it needs and waits to be set up. */
export type LoadingThread = ThreadOf<ToThread | ThreadSetup, FromThread>;

/** @param url of another entry than ours, for tests. */
export function loadHandlersThread(url = new URL(entry, import.meta.url)): LoadingThread {
  return spawnThread(url, (message) => ({ kind: "fault", message }));
}

/** @param thread one that is set up now, for the first and only time. */
export function spawnHandlers(setup: ThreadSetup, thread = loadHandlersThread()): Thread {
  thread.send(setup);
  return thread;
}
