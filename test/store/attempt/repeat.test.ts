import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isWithin, nextRunAt as nextRunAtInSql } from "../../../src/store/attempt/repeat.ts";
import { rescueTasks } from "../../../src/store/attempt/rescue.ts";
import { promoteTasks } from "../../../src/store/claim/promote.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { retryTask } from "../../../src/store/control/retry.ts";
import { listTasks } from "../../../src/store/find.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { nextRunAt } from "../../../src/task/time/repeat.ts";
import { createSteps, type Steps } from "../../http/tasks/task-steps.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

let database: TestDatabase;
let steps: Steps;
beforeAll(async () => {
  database = await createDatabase();
  steps = await createSteps(database.store);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history`;
});

const hourMs = 3_600_000;
const succeeded = { kind: "succeeded", result: null } as const;
const failed = { kind: "failed", error: { message: "no", stack: null } } as const;
const errored = { kind: "errored", error: { message: "later", stack: null }, retryAfterMs: 0 } as const;
const pending = () => listTasks(database.store, { state: "pending" }, 10);
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe("a task that repeats", () => {
  test("is enqueued again when it succeeds, as it was, a period after its planned time", async () => {
    const plannedAt = minutesAgo(5);
    const id = await steps.enqueue({
      name: "a",
      queue: "q",
      priority: 7,
      payload: { x: [1] },
      title: "hourly",
      maxAttempts: 3,
      timeoutMs: 5_000,
      runAt: plannedAt,
      repeatMs: hourMs,
    });
    await steps.runOnce("a", succeeded);
    const [next, ...others] = await pending();
    expect(others).toBeEmpty();
    expect(next?.id).toBeGreaterThan(id);
    const runAt = new Date(plannedAt.getTime() + hourMs);
    expect(next).toMatchObject({
      name: "a",
      queue: "q",
      priority: 7,
      title: "hourly",
      maxAttempts: 3,
      timeoutMs: 5_000,
      attempt: 0,
      runAt,
      plannedAt: runAt,
      repeat: { everyMs: hourMs, until: null, afterFailure: false },
    });
    // It waits for its time where the promoter finds it.
    expect((await promoteTasks(database.store)).nextInMs).toBeWithin(0, hourMs);
  });

  test("counts from the planned time also after retries, which move the time that it runs", async () => {
    const plannedAt = minutesAgo(5);
    await steps.enqueue({ name: "a", runAt: plannedAt, repeatMs: hourMs });
    await steps.runOnce("a", { ...errored, retryAfterMs: 1 });
    await database.store.sql`update fiscaut_tasks.task set due = true`;
    await steps.runOnce("a", succeeded);
    expect(await pending()).toMatchObject([{ runAt: new Date(plannedAt.getTime() + hourMs) }]);
  });

  test("leaves out the periods that are past", async () => {
    const plannedAt = minutesAgo(150);
    await steps.enqueue({ name: "a", runAt: plannedAt, repeatMs: hourMs });
    await steps.runOnce("a", succeeded);
    expect(await pending()).toMatchObject([{ runAt: new Date(plannedAt.getTime() + 3 * hourMs) }]);
  });

  test("ends when the next run would come after repeatUntil", async () => {
    await steps.enqueue({ name: "a", repeatMs: hourMs, repeatUntil: new Date(Date.now() + hourMs / 2) });
    await steps.runOnce("a", succeeded);
    expect(await pending()).toBeEmpty();
  });

  test("ends with a final failure, unless it says that it goes on", async () => {
    await steps.enqueue({ name: "ends", repeatMs: hourMs });
    await steps.runOnce("ends", failed);
    expect(await pending()).toBeEmpty();
    await steps.enqueue({ name: "goes-on", repeatMs: hourMs, repeatAfterFailure: true });
    await steps.runOnce("goes-on", failed);
    expect(await pending()).toMatchObject([{ name: "goes-on", attempt: 0 }]);
  });

  test("ends with a cancel, of a pending and of a running one", async () => {
    const repeat = { repeatMs: hourMs, repeatAfterFailure: true };
    await cancelTask(database.store, await steps.enqueue({ name: "a", ...repeat }));
    const running = await steps.enqueue({ name: "a", ...repeat });
    const task = await steps.claim("a");
    expect(await cancelTask(database.store, running)).toEqual({ kind: "requested" });
    await steps.complete(task, { kind: "cancelled" });
    expect(await pending()).toBeEmpty();
    const tooLate = await steps.enqueue({ name: "a", ...repeat });
    const last = await steps.claim("a");
    await cancelTask(database.store, tooLate);
    await steps.complete(last, succeeded);
    expect(await pending()).toBeEmpty();
  });

  test("whose outcome comes a second time is enqueued once", async () => {
    await steps.enqueue({ name: "a", repeatMs: hourMs });
    const task = await steps.claim("a");
    await Promise.all([1, 2, 3].map(() => steps.complete(task, succeeded)));
    expect(await pending()).toHaveLength(1);
  });

  test("goes on from its retry when the chain has ended with it, and not a second time when it has not", async () => {
    const ended = await steps.enqueue({ name: "ended", repeatMs: hourMs });
    await steps.runOnce("ended", failed);
    const wentOn = await steps.enqueue({ name: "went-on", repeatMs: hourMs, repeatAfterFailure: true });
    await steps.runOnce("went-on", failed);
    for (const id of [ended, wentOn]) await retryTask(database.store, id);
    await steps.runOnce("ended", succeeded);
    await steps.runOnce("went-on", succeeded);
    expect((await pending()).map((task) => task.name).toSorted()).toEqual(["ended", "went-on"]);
  });
});

describe("a task that repeats, on a worker that dies", () => {
  async function die(names: string[]) {
    const { sql } = database.store;
    const doomed = await registerWorker(database.store, {
      host: "test",
      pid: 2,
      version: "test",
      leaseMs: 5_000,
    });
    for (const name of names) await steps.claim(name);
    await sql`update fiscaut_tasks.task set worker_id = ${doomed}`;
    await sql`update fiscaut_tasks.worker set heartbeat_at = now() - interval '1 hour' where id = ${doomed}`;
    return await rescueTasks(database.store);
  }

  test("is rescued as itself, with no next run beside it", async () => {
    const id = await steps.enqueue({ name: "a", repeatMs: hourMs });
    await die(["a"]);
    expect(await pending()).toMatchObject([{ id, attempt: 1 }]);
  });

  test("in its last attempt ends the chain, unless it goes on after a failure", async () => {
    await steps.enqueue({ name: "ends", repeatMs: hourMs, maxAttempts: 1 });
    await steps.enqueue({ name: "goes-on", repeatMs: hourMs, maxAttempts: 1, repeatAfterFailure: true });
    const rescued = await die(["ends", "goes-on"]);
    expect(rescued.map((task) => task.state)).toEqual(["failed", "failed"]);
    expect(await pending()).toMatchObject([{ name: "goes-on", attempt: 0 }]);
  });
});

test("the rule in SQL is the rule in TypeScript", async () => {
  const { sql } = database.store;
  const baseMs = Date.parse("2026-03-01T00:00:00Z");
  const anyCase = fc
    .record({
      everyMs: fc.oneof(
        fc.integer({ min: 1_000, max: 1_010 }),
        fc.integer({ min: 1_000, max: 400 * 86_400_000 }),
      ),
      plannedMs: fc.integer({ min: baseMs, max: baseMs + 86_400_000 }),
      // Whole periods, a millisecond beside them, and anything, before and after.
      periods: fc.integer({ min: -4, max: 40 }),
      besideMs: fc.oneof(fc.integer({ min: -1, max: 1 }), fc.integer({ min: 0, max: 400 * 86_400_000 })),
      end: fc.option(fc.record({ periods: fc.nat(40), besideMs: fc.integer({ min: -1, max: 1 }) })),
    })
    .map(({ everyMs, plannedMs, periods, besideMs, end }) => ({
      repeat: {
        everyMs,
        until: end && new Date(plannedMs + end.periods * everyMs + end.besideMs).toISOString(),
        afterFailure: false,
      },
      plannedAt: new Date(plannedMs),
      now: new Date(plannedMs + periods * everyMs + besideMs),
    }));
  const cases = fc.sample(anyCase, { numRuns: 2_000, seed: 1 });
  const rows = await sql<{ next: string | null }[]>`
    select case when ${isWithin(sql, sql`repeat`, sql`next_at`)} then next_at end as next
    from unnest(
      ${cases.map((c) => JSON.stringify(c.repeat))}::text[], ${cases.map((c) => c.plannedAt.toISOString())}::text[],
      ${cases.map((c) => c.now.toISOString())}::text[]) with ordinality as c (rule, planned_text, now_text, position)
    cross join lateral (select rule::jsonb as repeat, planned_text::timestamptz as planned, now_text::timestamptz as at) as typed
    cross join lateral (select ${nextRunAtInSql(sql, sql`repeat`, sql`planned`, sql`at`)} as next_at) as next_one
    order by position`;
  const inSql = rows.map((row) => (row.next === null ? undefined : new Date(row.next)));
  expect(inSql).toEqual(cases.map((c) => nextRunAt(c.repeat, c.plannedAt, c.now)));
});
