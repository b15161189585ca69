/** What the tests of the task routes do to tasks behind HTTP's back: the steps that a worker would take. */
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import type { Store } from "../../../src/store/connection.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
import { settle } from "../../../src/task/settle.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";

/** Registers a worker and hands out its steps. */
export async function createSteps(store: Store) {
  const workerId = await registerWorker(store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });

  async function claim(name: string): Promise<ClaimedTask> {
    const [task] = await claimTasks(store, { workerId, names: [name], queues: [], limit: 1 });
    if (task === undefined) throw new Error(`no task ${name} was there to claim`);
    return task;
  }

  async function complete(task: ClaimedTask, outcome: Outcome): Promise<void> {
    const transition = settle(task, outcome);
    await completeTasks(store, workerId, [{ id: task.id, attempt: task.attempt, transition }]);
  }

  return {
    workerId,
    claim,
    complete,
    enqueue: async (task: NewTask) => (await enqueueTask(store, checkNewTask(task))).id,
    runOnce: async (name: string, outcome: Outcome) => complete(await claim(name), outcome),
  };
}

export type Steps = Awaited<ReturnType<typeof createSteps>>;

export const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

// biome-ignore lint/suspicious/noExplicitAny: bodies are judged member by member
export type Body = any;
