/**
 * A model-based test: random lives of many tasks among several workers, on a real Postgres under a clock that the test
 * moves, held to `task-model.ts` after every step. A failure prints the shortest history that shows it.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { claimTasks } from "../../src/store/claim.ts";
import { completeTasks } from "../../src/store/complete.ts";
import { openStore, type Store } from "../../src/store/connection.ts";
import { cancelTask, retryTask } from "../../src/store/control.ts";
import { enqueueTask } from "../../src/store/enqueue.ts";
import { promoteTasks } from "../../src/store/promote.ts";
import { rescueTasks } from "../../src/store/rescue.ts";
import { registerWorker, renewLease } from "../../src/store/worker.ts";
import { checkNewTask } from "../../src/task/new-task.ts";
import type { Outcome } from "../../src/task/outcome.ts";
import { settle } from "../../src/task/settle.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { type Execution, TaskModel } from "./task-model.ts";

const histories = 150;
const leaseMs = 10_000;

let database: TestDatabase;
/** Its `now()` is the test's: a schema before pg_catalog in the search path holds another one. */
let store: Store;
beforeAll(async () => {
  database = await createDatabase();
  await database.store.sql.unsafe(`
    create schema test_clock;
    create table test_clock.clock (at timestamptz not null);
    insert into test_clock.clock values ('2026-01-01Z');
    create function test_clock.now() returns timestamptz language sql stable as 'select at from test_clock.clock';`);
  const url = new URL(database.url);
  url.searchParams.set("search_path", "test_clock, pg_catalog");
  store = openStore({ url: url.href, applicationName: "fiscaut-tasks test", maxConnections: 4 });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

interface Step {
  name: string;
  run(model: TaskModel): Promise<void>;
}

const outcomes: fc.Arbitrary<Outcome> = fc.constantFrom<Outcome[]>(
  { kind: "succeeded", result: 1 },
  { kind: "errored", error: { message: "reset", stack: null } },
  { kind: "errored", error: { message: "slow down", stack: null }, retryAfterMs: 3_000 },
  { kind: "failed", error: { message: "bad record", stack: null } },
  { kind: "cancelled" },
  { kind: "given-back" },
);

const step = (name: string, run: Step["run"]): Step => ({ name, run });
/** Picks one of what there is by a number that shrinks to the first. */
const pick = <Item>(items: readonly Item[], index: number): Item | undefined =>
  items[index % Math.max(1, items.length)];

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.nat(2), fc.nat(20_000), fc.integer({ min: 1, max: 3 })).map(enqueue) },
  { weight: 4, arbitrary: fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 3 })).map(claim) },
  { weight: 6, arbitrary: fc.tuple(fc.nat(50), outcomes).map(complete) },
  { weight: 3, arbitrary: fc.nat(15_000).map(moveOn) },
  { weight: 2, arbitrary: fc.nat(2).map(renew) },
  { weight: 3, arbitrary: fc.constant(step("rescue", rescue)) },
  { weight: 3, arbitrary: fc.nat(50).map(cancel) },
  { weight: 1, arbitrary: fc.nat(50).map(retry) },
);

function enqueue([priority, delayMs, maxAttempts]: [number, number, number]): Step {
  return step(`enqueue priority ${priority} delay ${delayMs} attempts ${maxAttempts}`, async (model) => {
    const { id } = await enqueueTask(store, checkNewTask({ name: "a", priority, delayMs, maxAttempts }));
    model.enqueue({ id, priority, maxAttempts, runAtMs: model.nowMs + delayMs });
  });
}

function claim([worker, limit]: [number, number]): Step {
  return step(`worker ${worker} claims ${limit}`, async (model) => {
    const workerId = pick([...model.leases.keys()], worker);
    if (workerId === undefined) return;
    await promoteTasks(store);
    const claimed = await claimTasks(store, { workerId, names: ["a"], queues: [], limit });
    expect(claimed.map((task) => task.id)).toEqual(model.claim(workerId, limit));
  });
}

function complete([index, outcome]: [number, Outcome]): Step {
  return step(`execution ${index} ${outcome.kind}`, async (model) => {
    const execution: Execution | undefined = pick(model.executions, index);
    if (execution === undefined) return;
    const { taskId: id, attempt, workerId } = execution;
    const maxAttempts = model.tasks.get(id)?.maxAttempts ?? 1;
    const transition = settle({ attempt, maxAttempts }, outcome);
    const completed = await completeTasks(store, workerId, [{ id, attempt, transition }]);
    expect(completed.length === 1).toBe(model.complete(execution, outcome));
  });
}

function moveOn(ms: number): Step {
  return step(`${ms} ms pass`, async (model) => {
    model.nowMs += ms;
    await store.sql`update test_clock.clock set at = at + ${ms} * interval '1 ms'`;
  });
}

function renew(worker: number): Step {
  return step(`worker ${worker} renews`, async (model) => {
    const workerId = pick([...model.leases.keys()], worker);
    if (workerId === undefined) return;
    expect((await renewLease(store, workerId, [])).alive).toBe(true);
    model.leases.set(workerId, model.nowMs + leaseMs);
  });
}

async function rescue(model: TaskModel): Promise<void> {
  const rescued = (await rescueTasks(store)).map((task) => task.id);
  expect(rescued.toSorted((a, b) => a - b)).toEqual(model.rescue().toSorted((a, b) => a - b));
  while (model.leases.size < 3) await register(model);
}

function cancel(index: number): Step {
  return step(`cancel ${index}`, async (model) => {
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
  return step(`retry ${index}`, async (model) => {
    const id = pick([...model.tasks.keys()], index);
    if (id === undefined) return;
    await retryTask(store, id);
    model.retry(id);
  });
}

/** Dead ids are never used again, so a worker that comes back has a new one. */
async function register(model: TaskModel): Promise<void> {
  const workerId = await registerWorker(store, { host: "test", pid: 1, version: "test", leaseMs });
  // Its column's default is bound to the real clock.
  await store.sql`update fiscaut_tasks.worker set heartbeat_at = now() where id = ${workerId}`;
  model.leases.set(workerId, model.nowMs + leaseMs);
}

async function compare(model: TaskModel): Promise<void> {
  const stored = await store.sql<{ id: number; state: string; attempt: number; worker: number | null }[]>`
    select id, case when worker_id is null then 'pending' else 'running' end as state, attempt, worker_id as worker
    from fiscaut_tasks.task
    union all
    select id, state, attempt, null from fiscaut_tasks.task_history
    order by id`;
  const expected = [...model.tasks.values()].map(({ id, state, attempt, workerId }) => ({
    ...{ id, state, attempt, worker: workerId ?? null },
  }));
  expect([...stored]).toEqual(expected.toSorted((a, b) => a.id - b.id));
}

test(`${histories} random histories of tasks are those of the model, step by step`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 30, maxLength: 90 }), async (history) => {
      await store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.worker`;
      const model = new TaskModel();
      for (let worker = 0; worker < 3; worker++) await register(model);
      for (const { name, run } of history) {
        try {
          await run(model);
          await compare(model);
        } catch (error) {
          throw new Error(`after "${name}" of: ${history.map((each) => each.name).join("; ")}`, {
            cause: error,
          });
        }
      }
    }),
    { numRuns: histories, endOnFailure: false },
  );
}, 120_000);
