/**
 * Claims under a transaction that holds vacuum's horizon back: nothing is forgotten or doubled, and what is urgent goes
 * first. Whether claims are bounded is not left to the machine's speed here: a pace of the test's own tells.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import fc from "fast-check";
import { BoundedClaims } from "../../src/engine/bounded-claims.ts";
import { HeadPace } from "../../src/engine/head-pace.ts";
import { completeTasks } from "../../src/store/attempt/complete.ts";
import type { Store } from "../../src/store/connection.ts";
import { enqueueTask } from "../../src/store/enqueue/enqueue.ts";
import { insertTasks } from "../../src/store/enqueue/insert-tasks.ts";
import { registerWorker } from "../../src/store/worker.ts";
import { checkNewTask, checkStorableTask, type NewTask } from "../../src/task/doors/new-task.ts";
import { type Outcome, RetryAfter } from "../../src/task/outcome.ts";
import { settle } from "../../src/task/settle.ts";
import type { ClaimedTask } from "../../src/task/task.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { holdSnapshot } from "../store/claim/held-snapshot.ts";
import { startWorker } from "./start-worker.ts";

let database: TestDatabase;
let store: Store;
let letGo: () => Promise<void>;
beforeAll(async () => {
  database = await createDatabase();
  store = database.store;
});
afterAll(() => database.drop());
beforeEach(async () => {
  await store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history`;
  letGo = await holdSnapshot(database.url);
});
afterEach(() => letGo());

/** Walks from the head are slow, all of them; the test says when the next one is due. */
class SlowPace extends HeadPace {
  fromHeadNext = true;
  override get slow() {
    return true;
  }
  override get delayMs() {
    return this.fromHeadNext ? 0 : 60_000;
  }
  override walked() {
    this.fromHeadNext = false;
  }
}

async function openClaimer() {
  const workerId = await registerWorker(store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
  const pace = new SlowPace();
  const claims = new BoundedClaims(store, pace);
  const names = ["a", "b"];
  const claim = async (limit: number) => (await claims.claim({ workerId, names, queues: [], limit })).tasks;
  return {
    claim,
    claimFromHead(limit: number) {
      pace.fromHeadNext = true;
      return claim(limit);
    },
    end: (tasks: ClaimedTask[], outcome: Outcome = { kind: "succeeded", result: null }) =>
      completeTasks(
        store,
        workerId,
        tasks.map(({ id, attempt, maxAttempts, claimedAt }) => ({
          id,
          attempt,
          ...(outcome.kind === "given-back" ? { claimedAt } : {}),
          transition: settle({ attempt, maxAttempts }, outcome),
        })),
      ),
  };
}
const enqueue = async (task: Partial<NewTask> = {}) =>
  (await enqueueTask(store, checkNewTask({ name: "a", ...task }))).id;
const idsOf = (tasks: ClaimedTask[]) => tasks.map(({ id }) => id);

test("what is enqueued later is found beyond the bound, a higher priority first", async () => {
  const { claim } = await openClaimer();
  const first = await enqueue();
  expect(idsOf(await claim(10))).toEqual([first]);
  const low = await enqueue({ priority: -1 });
  const same = await enqueue();
  const high = await enqueue({ priority: 7 });
  expect(idsOf(await claim(10))).toEqual([high, same, low]);
  const higher = await enqueue({ priority: 8 });
  const asHigh = await enqueue({ priority: 7, name: "b" });
  expect(idsOf(await claim(10))).toEqual([higher, asHigh]);
});

test("what was given back, or retried at once, is passed over until the next claim from the head", async () => {
  const { claim, claimFromHead, end } = await openClaimer();
  for (let i = 0; i < 4; i++) await enqueue();
  const [returned, errored, third] = await claim(3);
  if (!returned || !errored || !third) throw new Error("three are there");
  await end([returned], { kind: "given-back" });
  await end([errored], { kind: "errored", error: { message: "no", stack: null }, retryAfterMs: 0 });
  expect(await claim(1)).toHaveLength(1);
  expect(await claim(10)).toEqual([]);
  expect(idsOf(await (await openClaimer()).claimFromHead(1))).toEqual([returned.id]);
  expect(idsOf(await claimFromHead(10))).toEqual([errored.id]);
});

test("older tasks that a claim from the head finds are gone on with by the next bounded ones", async () => {
  const { claim, claimFromHead, end } = await openClaimer();
  const older = [await enqueue(), await enqueue(), await enqueue()];
  const returned = await claim(3);
  await enqueue();
  expect(await claim(10)).toHaveLength(1);
  await end(returned, { kind: "given-back" });
  expect(idsOf(await claimFromHead(1))).toEqual(older.slice(0, 1));
  expect(idsOf(await claim(10))).toEqual(older.slice(1));
});

test("what was enqueued before the bound and committed after it is found from the head", async () => {
  const { claim, claimFromHead } = await openClaimer();
  const committed = Promise.withResolvers<void>();
  const inserted = Promise.withResolvers<number | undefined>();
  const late = store.sql.begin(async (sql) => {
    const [row] = await insertTasks(sql as unknown as Store["sql"], [checkStorableTask({ name: "a" })], null);
    inserted.resolve(row?.id);
    await committed.promise;
  });
  const lateId = await inserted.promise;
  const id = await enqueue();
  expect(idsOf(await claim(10))).toEqual([id]);
  committed.resolve();
  await late;
  expect(await claim(10)).toEqual([]);
  expect(idsOf(await claimFromHead(10))).toEqual([lateId as number]);
});

test("several workers claim each task once, in order among themselves, and forget none", async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("enqueue" as const),
      priority: fc.constantFrom(-1, 0, 0, 5),
      ageMs: fc.nat(3),
      name: fc.constantFrom("a", "b"),
      queue: fc.constantFrom("default", "q"),
    }),
    fc.record({
      kind: fc.constant("claim" as const),
      worker: fc.nat(2),
      limit: fc.integer({ min: 1, max: 5 }),
      fromHead: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant("end" as const),
      worker: fc.nat(2),
      outcome: fc.constantFrom("succeeded" as const, "given-back" as const),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      await store.sql`delete from fiscaut_tasks.task`;
      const workers = await Promise.all([openClaimer(), openClaimer(), openClaimer()]);
      const running = workers.map((): ClaimedTask[] => []);
      const pending = new Set<number>();
      const take = (tasks: ClaimedTask[], worker: number) => {
        for (const { id } of tasks) expect(pending.delete(id)).toBe(true);
        running[worker]?.push(...tasks);
      };
      for (const each of steps) {
        if (each.kind === "enqueue") {
          const { priority, name, queue, ageMs } = each;
          const runAt = new Date(Date.UTC(2026, 0, 1) - ageMs).toISOString();
          pending.add(await enqueue({ priority, name, queue, runAt }));
        } else if (each.kind === "claim") {
          const { worker, limit, fromHead } = each;
          const claimer = workers[worker];
          const tasks = (await (fromHead ? claimer?.claimFromHead(limit) : claimer?.claim(limit))) ?? [];
          if (fromHead) expect(tasks).toHaveLength(Math.min(limit, pending.size));
          take(tasks, worker);
        } else {
          const tasks = running[each.worker]?.splice(0) ?? [];
          const outcome =
            each.outcome === "succeeded" ? { kind: each.outcome, result: null } : { kind: each.outcome };
          await workers[each.worker]?.end(tasks, outcome);
          if (each.outcome === "given-back") for (const { id } of tasks) pending.add(id);
        }
      }
      take((await workers[0]?.claimFromHead(1_000)) ?? [], 0);
      expect([...pending]).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

test("claims at once by several workers give no task to two, and all of them between them", async () => {
  await store.sql`insert into fiscaut_tasks.queue (name) values ('default') on conflict do nothing`;
  for (let i = 0; i < 5; i++)
    await store.sql`
      insert into fiscaut_tasks.task (queue, name, payload, priority, max_attempts, run_at, due)
      select 'default', 'a', '{}', i % 3, 25, now(), true from generate_series(1, 200) as i`;
  const workers = await Promise.all([openClaimer(), openClaimer(), openClaimer(), openClaimer()]);
  const taken = await Promise.all(
    workers.map(async ({ claim, claimFromHead, end }) => {
      const ids: number[] = [];
      for (;;) {
        let tasks = await claim(30);
        if (tasks.length === 0) tasks = await claimFromHead(30);
        if (tasks.length === 0) return ids;
        ids.push(...idsOf(tasks));
        await end(tasks);
      }
    }),
  );
  const ids = taken.flat();
  expect(new Set(ids).size).toBe(ids.length);
  const [left] = await store.sql<{ left: number }[]>`select count(*) as left from fiscaut_tasks.task`;
  expect(ids.length + (left?.left ?? 0)).toBe(1_000);
  // One that others had locked may be left over; the next claim from the head has it.
  const rest = (await workers[0]?.claimFromHead(1_000)) ?? [];
  expect(ids.length + rest.length).toBe(1_000);
});

test("a worker drains what it has, retries in between included, and knows when nothing is left", async () => {
  await store.sql`insert into fiscaut_tasks.queue (name) values ('default') on conflict do nothing`;
  await store.sql`
    insert into fiscaut_tasks.task (queue, name, payload, priority, max_attempts, run_at, due)
    select 'default', 'a', to_jsonb(i % 100 = 0), i % 3, 25, now(), true from generate_series(1, 5000) as i`;
  const { worker } = await startWorker(
    database,
    {
      a: async (failsOnce, { task }) => {
        if (failsOnce && task.attempt === 1) throw new RetryAfter(0, "once more");
      },
    },
    { concurrency: 100 },
  );
  await worker.drained();
  await worker.stop("the test ends", 0);
  const ends = await store.sql`
    select state, attempt, count(*) as tasks from fiscaut_tasks.task_history group by 1, 2 order by 2`;
  expect([...ends]).toEqual([
    { state: "succeeded", attempt: 1, tasks: 4_950 },
    { state: "succeeded", attempt: 2, tasks: 50 },
  ]);
});
