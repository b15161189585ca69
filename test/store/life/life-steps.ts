/**
 * The steps of `life.test.ts`' random histories: each does one thing to the store and the same to the model, and
 * compares what both answer. Whether their tasks are then the same is compared there.
 */
import { expect } from "bun:test";
import fc from "fast-check";
import { type Completion, completeTasks } from "../../../src/store/attempt/complete.ts";
import { rescueTasks } from "../../../src/store/attempt/rescue.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { claimFromLimited } from "../../../src/store/claim/claim-limited.ts";
import { promoteTasks } from "../../../src/store/claim/promote.ts";
import type { Store } from "../../../src/store/connection.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { deleteTask } from "../../../src/store/control/delete.ts";
import { retryTask } from "../../../src/store/control/retry.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { registerWorker, renewLease } from "../../../src/store/worker.ts";
import type { FailureRule } from "../../../src/task/doors/after.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";
import { historyRules } from "../../../src/task/doors/queue.ts";
import { OperatorError } from "../../../src/task/errors.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
import { settle } from "../../../src/task/settle.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";
import { type Life, leaseMs, pick, type Step, step, taskOf, workerOf } from "./life.ts";
import { keep, limit, pause } from "./life-queues.ts";
import { lookThroughWaits, tellEnds } from "./life-waits.ts";
import type { Asked, Execution } from "./task-model.ts";

const queues = ["wide", "narrow"];

const outcomes = fc.constantFrom<Outcome[]>(
  { kind: "succeeded", result: 1 },
  { kind: "errored", error: { message: "reset", stack: null } },
  { kind: "errored", error: { message: "slow down", stack: null }, retryAfterMs: 3_000 },
  { kind: "errored", error: { message: "once more", stack: null }, retryAfterMs: 0 },
  { kind: "failed", error: { message: "bad record", stack: null } },
  { kind: "snoozed", delayMs: 0 },
  { kind: "snoozed", delayMs: 2_000 },
  { kind: "cancelled" },
  { kind: "given-back" },
);

const rarely = <Value>(...values: Value[]): fc.Arbitrary<Value | undefined> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );

const newTasks: fc.Arbitrary<Omit<Asked, "after">> = fc
  .record({
    queue: fc.constantFrom(...queues),
    priority: fc.nat(2),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    delayMs: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(20_000) }),
    repeatMs: rarely(1_000, 7_000),
    serialKey: rarely("s1", "s2"),
    key: rarely("k1", "k2"),
    onConflict: fc.constantFrom("skip" as const, "replace" as const, "reschedule" as const),
  })
  .map((asked) => ({ ...asked, onConflict: asked.key === undefined ? undefined : asked.onConflict }));

/** Of whatever tasks there are by then, live or finished. */
const waits = fc.record({
  indexes: fc.array(fc.nat(50), { minLength: 1, maxLength: 3 }),
  onFailure: fc.constantFrom("fail" as const, "ignore" as const),
});

const anything: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: newTasks.map((asked) => enqueue(asked)) },
  { weight: 6, arbitrary: fc.tuple(newTasks, waits).map(enqueueAfter) },
  { weight: 4, arbitrary: fc.constant(step("what has ended is told", tellEnds)) },
  { weight: 4, arbitrary: fc.constant(step("the releaser looks", lookThroughWaits)) },
  { weight: 8, arbitrary: fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 3 })).map(claim) },
  { weight: 10, arbitrary: fc.tuple(fc.nat(50), outcomes).map(tell) },
  { weight: 4, arbitrary: fc.nat(5).map(tellAgain) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(50), fc.nat(2), outcomes).map(tellAsAnother) },
  { weight: 5, arbitrary: fc.nat(15_000).map(moveOn) },
  { weight: 3, arbitrary: fc.nat(2).map(renew) },
  { weight: 4, arbitrary: fc.constant(step("rescue", rescue)) },
  { weight: 5, arbitrary: fc.nat(50).map(cancel) },
  { weight: 3, arbitrary: fc.nat(50).map(retry) },
  { weight: 1, arbitrary: fc.nat(50).map(remove) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...queues), fc.boolean()).map(pause) },
  { weight: 4, arbitrary: fc.constantFrom(1, 2, null, null).map(limit) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...queues), fc.constantFrom(...historyRules)).map(keep) },
);

/** Few tasks and one worker, which has each of them again and again: here an answer that was lost does most harm. */
const again: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: newTasks.map((asked) => enqueue({ ...asked, delayMs: 0, serialKey: undefined })) },
  { weight: 8, arbitrary: fc.constant(claim([0, 2])) },
  { weight: 8, arbitrary: fc.tuple(fc.nat(1), outcomes).map(tell) },
  { weight: 8, arbitrary: fc.nat(3).map(tellAgain) },
  { weight: 3, arbitrary: fc.nat(9_000).map(moveOn) },
  { weight: 3, arbitrary: fc.constant(renew(0)) },
  { weight: 2, arbitrary: fc.nat(1).map(cancel) },
  { weight: 2, arbitrary: fc.nat(3).map(retry) },
);

const lengths = { minLength: 30, maxLength: 90 };
export const histories: fc.Arbitrary<Step[]> = fc.oneof(
  { weight: 2, arbitrary: fc.array(anything, lengths) },
  { weight: 1, arbitrary: fc.array(again, lengths) },
);

function enqueueAfter([asked, { indexes, onFailure }]: [
  Omit<Asked, "after">,
  { indexes: number[]; onFailure: FailureRule },
]): Step {
  return step(
    `enqueue after ${indexes.join(" and ")}, ${onFailure}: ${JSON.stringify(asked)}`,
    async (life) => {
      const tasks = [...new Set(indexes.flatMap((index) => taskOf(life, index) ?? []))];
      if (tasks.length > 0) await enqueue(asked, { tasks, onFailure }).run(life);
    },
  );
}

function enqueue(asking: Omit<Asked, "after">, after?: Asked["after"]): Step {
  const asked = { ...asking, after };
  return step(`enqueue ${JSON.stringify(asked)}`, async ({ store, model }) => {
    const { id, outcome } = await enqueueTask(store, checkNewTask({ name: "a", ...asked }));
    expect({ id, outcome }).toEqual(model.enqueue(asked, id));
  });
}

/** As the claimer does: from the queues without a limit, then from each with one. */
function claim([worker, slots]: [number, number]): Step {
  return step(`worker ${worker} claims ${slots}`, async (life) => {
    const { store, model } = life;
    const workerId = workerOf(life, worker);
    if (workerId === undefined) return;
    // As in life, no two claims fall on one instant.
    await passTime(life, 1);
    await promoteTasks(store);
    const request = { workerId, names: ["a"], queues: [], limit: slots };
    const start = (claimed: ClaimedTask[], executions: Execution[]) => {
      const started = claimed.map(({ id, attempt }) => ({ taskId: id, attempt, workerId }));
      expect(started).toEqual(executions);
      for (const [index, execution] of executions.entries()) {
        const task = claimed[index];
        if (task !== undefined) life.untold.push({ execution, claimed: task });
      }
    };
    start(await claimTasks(store, request), model.claim(workerId, slots));
    for (const [queue, most] of model.limits) {
      const { tasks } = await claimFromLimited(store, queue, request);
      start(tasks, model.claimLimited(workerId, slots, queue));
      if (tasks.length > 0) expect(await countRunning(store, queue)).toBeLessThanOrEqual(most);
    }
  });
}

function tell([index, outcome]: [number, Outcome]): Step {
  return step(`execution ${index} ${outcome.kind}`, async (life) => {
    const ended = pick(life.untold, index);
    if (ended === undefined) return;
    life.untold.splice(life.untold.indexOf(ended), 1);
    const { execution, claimed } = ended;
    const completion = completionOf(claimed, outcome);
    const taken = await complete(life, execution.workerId, completion);
    expect(taken).toBe(life.model.complete(execution, outcome, await findNextRun(life)));
    life.told.unshift({ execution, completion });
  });
}

function tellAgain(index: number): Step {
  return step(`${index} is told again`, async (life) => {
    const again = pick(life.told, index);
    if (again === undefined) return;
    expect(await complete(life, again.execution.workerId, again.completion)).toBe(false);
  });
}

/** Such as the id that a process has taken after its lease was lost. */
function tellAsAnother([index, worker, outcome]: [number, number, Outcome]): Step {
  return step(`worker ${worker} tells execution ${index} ${outcome.kind}`, async (life) => {
    const ended = pick(life.untold, index);
    const workerId = workerOf(life, worker);
    if (ended === undefined || workerId === undefined || workerId === ended.execution.workerId) return;
    expect(await complete(life, workerId, completionOf(ended.claimed, outcome))).toBe(false);
  });
}

/** As the completer makes it. */
function completionOf(claimed: ClaimedTask, outcome: Outcome): Completion {
  const { id, attempt, claimedAt } = claimed;
  const transition = settle(claimed, outcome);
  const fence = transition.to === "pending" && !transition.counted ? { claimedAt } : {};
  return { id, attempt, transition, ...fence };
}

async function complete({ store }: Life, workerId: number, completion: Completion): Promise<boolean> {
  return (await completeTasks(store, workerId, [completion])).length === 1;
}

/** The store gives the next run of a repeating task its id: the model can but take it over. */
async function findNextRun({ store, model }: Life): Promise<number | undefined> {
  const newest = Math.max(0, ...model.tasks.keys());
  const [row] = await store.sql<{ id: number }[]>`select id from fiscaut_tasks.task where id > ${newest}`;
  return row?.id;
}

function moveOn(ms: number): Step {
  return step(`${ms} ms pass`, (life) => passTime(life, ms));
}

async function passTime({ store, model }: Life, ms: number): Promise<void> {
  model.nowMs += ms;
  await store.sql`update test_clock.clock set at = at + ${ms} * interval '1 ms'`;
}

function renew(worker: number): Step {
  return step(`worker ${worker} renews`, async (life) => {
    const { store, model } = life;
    const workerId = workerOf(life, worker);
    if (workerId === undefined) return;
    expect((await renewLease(store, workerId, [])).alive).toBe(true);
    model.leases.set(workerId, model.nowMs + leaseMs);
  });
}

async function rescue(life: Life): Promise<void> {
  const rescued = (await rescueTasks(life.store)).map((task) => task.id);
  expect(rescued.toSorted((a, b) => a - b)).toEqual(life.model.rescue().toSorted((a, b) => a - b));
  await registerWorkers(life);
}

/** Up to three. Dead ids are never used again, so a worker that comes back has a new one. */
export async function registerWorkers({ store, model }: Life): Promise<void> {
  while (model.leases.size < 3) {
    const workerId = await registerWorker(store, { host: "test", pid: 1, version: "test", leaseMs });
    // Its column's default is bound to the real clock.
    await store.sql`update fiscaut_tasks.worker set heartbeat_at = now() where id = ${workerId}`;
    model.leases.set(workerId, model.nowMs + leaseMs);
  }
}

function cancel(index: number): Step {
  return step(`cancel ${index}`, async ({ store, model }) => {
    const live = [...model.tasks.values()].filter(
      (task) => task.state === "running" || task.state === "pending",
    );
    const id = pick(live, index)?.id;
    if (id === undefined) return;
    await cancelTask(store, id);
    model.cancel(id);
  });
}

function retry(index: number): Step {
  return step(`retry ${index}`, async (life) => {
    const id = taskOf(life, index);
    if (id === undefined) return;
    const isRefused = (error: unknown) => error instanceof OperatorError && error.kind === "conflict";
    const retried = await retryTask(life.store, id).then(
      () => true,
      (error: unknown) => (isRefused(error) ? false : Promise.reject(error)),
    );
    expect(retried).toBe(life.model.retry(id));
  });
}

function remove(index: number): Step {
  return step(`delete ${index}`, async (life) => {
    const id = taskOf(life, index);
    if (id === undefined) return;
    await deleteTask(life.store, id);
    life.model.delete(id);
  });
}

async function countRunning(store: Store, queue: string): Promise<number> {
  const [row] = await store.sql<{ running: number }[]>`
    select count(worker_id) as running from fiscaut_tasks.task where queue = ${queue}`;
  return row?.running ?? 0;
}
