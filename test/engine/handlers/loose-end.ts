/**
 * Run by `thread-runner.test.ts` in a process of its own, since Bun's test runner ends a thread whose errors nobody
 * waits for, which Bun itself does not where the thread listens for them. Prints what came of it.
 */
import { ThreadRunner } from "../../../src/engine/handlers/thread-runner.ts";
import { spawnThread } from "../../../src/handlers/thread.ts";

const faults: string[] = [];
const runner = new ThreadRunner({
  spawn: () =>
    spawnThread(new URL("./unruly-thread.ts", import.meta.url), (message) => ({ kind: "fault", message })),
  emit: (event) => faults.push(event.kind),
});
await runner.ready(10_000);
const task = {
  ...{ id: 1, name: "loose-end", queue: "default", priority: 0, payload: 0, attempt: 1, maxAttempts: 1 },
  ...{
    timeoutMs: null,
    batchId: null,
    runAt: new Date(),
    plannedAt: null,
    serialKey: null,
    after: null,
    holdsSlot: false,
    backoff: null,
    claimedAt: "",
    lastLine: 0,
    mayWait: false,
  },
};
const { outcome } = await runner.start(task, { log: () => {}, progress: () => {} }).outcome;
await runner.stop();
process.stdout.write(JSON.stringify({ outcome: outcome.kind, faults }));
