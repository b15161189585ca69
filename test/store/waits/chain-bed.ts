/** A store, a worker's steps and a releaser for the tests of tasks that wait for others, all of them named "a". */
import { Releaser } from "../../../src/engine/releaser.ts";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { findTask } from "../../../src/store/find.ts";
import { findWaitersOf, settleWaits } from "../../../src/store/waits/release.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask, type NewTask } from "../../../src/task/doors/new-task.ts";
import { OperatorError } from "../../../src/task/errors.ts";
import type { EngineEvent } from "../../../src/task/events.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
import { settle } from "../../../src/task/settle.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";
import { createDatabase } from "../../postgres.ts";

export const succeeds: Outcome = { kind: "succeeded", result: null };
export const fails: Outcome = { kind: "failed", error: { message: "no", stack: null } };

export async function createChainBed() {
  const database = await createDatabase();
  const { store } = database;
  const workerId = await registerWorker(store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
  const events: EngineEvent[] = [];
  const releaser = new Releaser(store, 60_000, (event) => events.push(event));

  const claimAll = (limit = 10_000) => claimTasks(store, { workerId, names: ["a"], queues: [], limit });
  const complete = async (tasks: ClaimedTask[], outcome: Outcome, by = store) => {
    const completions = tasks.map((task) => ({
      id: task.id,
      attempt: task.attempt,
      transition: settle(task, outcome),
    }));
    const states = new Map(
      (await completeTasks(by, workerId, completions)).map(({ id, state }) => [id, state]),
    );
    return tasks.flatMap(({ id, batchId }) => {
      const state = states.get(id);
      return state === undefined || state === "pending" ? [] : [{ id, state, batchId }];
    });
  };
  const enqueue = async (task: Omit<NewTask, "name"> = {}) =>
    (await enqueueTask(store, checkNewTask({ name: "a", ...task }))).id;
  const find = async (id: number) => {
    const task = await findTask(store, id);
    if (task === undefined) throw new Error(`there is no task ${id}`);
    return task;
  };

  return {
    url: database.url,
    store,
    workerId,
    events,
    claimAll,
    complete,
    enqueue,
    find,
    enqueueAll: (tasks: Omit<NewTask, "name">[], whenComplete?: Omit<NewTask, "name">) =>
      enqueueBatch(
        store,
        {
          title: "b",
          skipped: {},
          enqueuedBy: null,
          whenComplete: whenComplete && checkNewTask({ name: "a", ...whenComplete }),
        },
        tasks.map((task) => checkNewTask({ name: "a", ...task })),
      ),
    /** Claims what is due and ends all of it so. @returns its ids, ascending. */
    async run(outcome: Outcome = succeeds) {
      const tasks = await claimAll();
      await complete(tasks, outcome);
      return tasks.map(({ id }) => id).toSorted((a, b) => a - b);
    },
    /** As a worker's round without hints: the look through all waits. */
    look: () => releaser.releaseAll(),
    /** As a worker's round after a flush. */
    async hint(ended: Parameters<typeof findWaitersOf>[1]) {
      return await settleWaits(store, await findWaitersOf(store, ended));
    },
    async stateOf(id: number) {
      const { state, waiting } = await find(id);
      return waiting ? "waiting" : state;
    },
    openWaits: async () =>
      (await store.sql<{ count: number }[]>`select count(*) as count from fiscaut_tasks.task_after`)[0]
        ?.count,
    refusal: async (enqueued: Promise<unknown>) =>
      await enqueued.then(
        () => undefined,
        (error: unknown) => (error instanceof OperatorError ? `${error.kind}: ${error.message}` : error),
      ),
    async clear() {
      events.splice(0);
      await store.sql`
        truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.task_after, fiscaut_tasks.batch`;
    },
    drop: () => database.drop(),
  };
}

export type ChainBed = Awaited<ReturnType<typeof createChainBed>>;
