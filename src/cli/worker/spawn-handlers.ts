/** Starts the thread of `handler-thread.ts`, as the engine's `attempt-thread.ts` wants it. */
import type { Thread } from "../../engine/handlers/attempt-thread.ts";
import type { FromThread, ToThread } from "../../engine/handlers/thread-messages.ts";
import { spawnThread } from "../../handlers/thread.ts";
import type { ThreadSetup } from "./handler-thread.ts";

/** The executable holds it as an entry of its own, by its path in the repository (see `scripts/build/executable.ts`). */
const entry = Bun.isStandaloneExecutable ? "./src/cli/worker/handler-thread.js" : "./handler-thread.ts";

/** @param url of another entry than ours, for tests. */
export function spawnHandlers(setup: ThreadSetup, url = new URL(entry, import.meta.url)): Thread {
  const toFault = (message: string): FromThread => ({ kind: "fault", message });
  const thread = spawnThread<ToThread | ThreadSetup, FromThread>(url, toFault);
  thread.send(setup);
  return thread;
}
