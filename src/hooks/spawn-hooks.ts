/** Starts the thread of `hook-thread.ts`, as `hook-runner.ts` wants it. */
import { spawnThread } from "../handlers/thread.ts";
import type { HookThread } from "./hook-runner.ts";

/** The executable holds it as an entry of its own, by its path in the repository (see `scripts/build/executable.ts`). */
const entry = Bun.isStandaloneExecutable ? "./src/hooks/hook-thread.js" : "./hook-thread.ts";

export const spawnHooks = (): HookThread =>
  spawnThread(new URL(entry, import.meta.url), (message) => ({ kind: "fault", fault: { message } }));
