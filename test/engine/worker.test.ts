import { describe, expect, test } from "bun:test";
import { claimTasks } from "../../src/store/claim/claim.ts";
import { cancelTask } from "../../src/store/control/cancel.ts";
import { registerWorker } from "../../src/store/worker.ts";
import { PermanentError, RetryAfter } from "../../src/task/outcome.ts";
import { dropPartitions } from "../drop-partitions.ts";
import { until } from "../until.ts";
import { createWorkerBed } from "./worker-bed.ts";

const bed = createWorkerBed();
const { start, enqueue, find } = bed;
/** Waits until aborted, as a handler with a fetch in it does. */
const untilAborted = (_: unknown, { signal }: { signal: AbortSignal }) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

async function listeners(): Promise<number> {
  const rows = await bed.store.sql`
    select from pg_stat_activity where datname = current_database() and query ilike 'listen %' and state = 'idle'`;
  return rows.length;
}

describe("a worker", () => {
  test("runs a task that is enqueued while it idles, long before its next poll", async () => {
    const { event } = await start({ greet: async (payload) => ({ greeted: payload }) });
    const id = await enqueue({ name: "greet", payload: "JOSÉ" });
    const { durationMs } = await event("succeeded", id);
    expect(durationMs).toBeGreaterThan(0);
    expect(await find(id)).toMatchObject({ state: "succeeded", result: { greeted: "JOSÉ" }, attempt: 1 });
  });

  test("runs a delayed task when its time has come", async () => {
    const { event } = await start({ later: async () => "done" });
    const id = await enqueue({ name: "later", delayMs: 300 });
    expect(await find(id)).toMatchObject({ state: "pending" });
    await event("succeeded", id);
    const task = await find(id);
    expect(task?.startedAt?.getTime()).toBeGreaterThanOrEqual(
      task?.runAt.getTime() ?? Number.POSITIVE_INFINITY,
    );
  });

  test("retries after the delay that the handler wishes, with the error kept", async () => {
    const { event } = await start({
      flaky: async (_, { task }) => {
        if (task.attempt === 1) throw new RetryAfter(50, "429 slow down");
        return "second time lucky";
      },
    });
    const id = await enqueue({ name: "flaky" });
    expect(await event("errored", id)).toMatchObject({ message: "429 slow down", delayMs: 50 });
    await event("succeeded", id);
    expect(await find(id)).toMatchObject({
      state: "succeeded",
      attempt: 2,
      errors: [{ attempt: 1, message: "429 slow down" }],
    });
  });

  test("fails a task at once on a permanent error, and one whose payload the handler does not take", async () => {
    const { event } = await start({
      bad: async () => {
        throw new PermanentError("422 bad record");
      },
    });
    const id = await enqueue({ name: "bad" });
    expect(await event("failed", id)).toMatchObject({ message: "422 bad record" });
    expect(await find(id)).toMatchObject({
      state: "failed",
      attempt: 1,
      errors: [{ message: "422 bad record" }],
    });
  });

  test("aborts a handler at its time-out and retries the task", async () => {
    const { event } = await start({ slow: untilAborted }, { timeoutMs: 60_000 });
    const id = await enqueue({ name: "slow", timeoutMs: 50 });
    expect(await event("errored", id)).toMatchObject({ message: "timed out after 50 ms", delayMs: 6_000 });
  });

  test("aborts a running task that is cancelled", async () => {
    const { event } = await start({ long: untilAborted });
    const id = await enqueue({ name: "long" });
    await event("started", id);
    expect(await cancelTask(bed.store, id)).toEqual({ kind: "requested" });
    await event("cancelled", id);
    expect(await find(id)).toMatchObject({ state: "cancelled" });
  });

  test("aborts a cancelled task within a second also when the notification is lost", async () => {
    const { event } = await start({ long: untilAborted });
    const id = await enqueue({ name: "long" });
    await event("started", id);
    await bed.store.sql`update fiscaut_tasks.task set cancel_requested = true where id = ${id}`;
    const askedAtMs = performance.now();
    await event("cancelled", id);
    expect(performance.now() - askedAtMs).toBeLessThan(1_000);
  });

  test("stores the newest progress of a running task", async () => {
    let finish: (() => void) | undefined;
    await start({
      steps: async (_, { progress }) => {
        progress(0.25, "a quarter");
        progress(0.5, "half");
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    });
    const id = await enqueue({ name: "steps" });
    await until(async () => (await find(id))?.progress !== null, 5_000);
    expect((await find(id))?.progress).toEqual({ fraction: 0.5, message: "half" });
    finish?.();
  });

  test("never runs more tasks at once than it has slots, and uses them all", async () => {
    let running = 0;
    let most = 0;
    const { worker } = await start(
      {
        counted: async () => {
          most = Math.max(most, ++running);
          await Bun.sleep(5);
          running--;
        },
      },
      { concurrency: 3 },
    );
    for (let i = 0; i < 30; i++) await enqueue({ name: "counted" });
    await worker.drained();
    expect(most).toBe(3);
    expect(
      await bed.store.sql`select 1 from fiscaut_tasks.task_history where state = 'succeeded'`,
    ).toHaveLength(30);
  });

  test("asks for no more when a slot becomes free, where slots were free before and nothing was due", async () => {
    const gate = Promise.withResolvers<void>();
    const { worker, event } = await start({ quick: async () => {}, gated: () => gate.promise });
    // After both no claim is one that looks for what was missed before it listened.
    await until(async () => (await listeners()) === 1, 5_000);
    await event("succeeded", await enqueue({ name: "quick" }));
    const id = await enqueue({ name: "gated" });
    await event("started", id);
    const claimedAt = worker.status().lastClaimAt;
    gate.resolve();
    await event("succeeded", id);
    // Claims go over the same connection: one that the free slot had caused would be answered before this.
    await bed.store.hot`select`;
    expect(worker.status().lastClaimAt).toEqual(claimedAt);
  });

  test("says that it is drained only when nothing due is left, waiting for what runs but not for the future", async () => {
    const { worker } = await start({ quick: () => Bun.sleep(20) });
    const future = await enqueue({ name: "quick", delayMs: 3_600_000 });
    const ids = [await enqueue({ name: "quick" }), await enqueue({ name: "quick" })];
    await worker.drained();
    for (const id of ids) expect(await find(id)).toMatchObject({ state: "succeeded" });
    expect(await find(future)).toMatchObject({ state: "pending" });
  });
});

describe("a worker that stops", () => {
  test("waits for what runs, claims nothing more and leaves no row behind", async () => {
    let finish: (() => void) | undefined;
    const { worker, event, events } = await start({
      held: () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    });
    const id = await enqueue({ name: "held" });
    await event("started", id);
    const stopped = worker.stop("SIGTERM", 10_000);
    await event("worker-stopping");
    const next = await enqueue({ name: "held" });
    finish?.();
    expect(await stopped).toBe(true);
    expect(await find(id)).toMatchObject({ state: "succeeded" });
    expect(await find(next)).toMatchObject({ state: "pending", attempt: 0 });
    expect(events.at(-1)).toEqual({ kind: "worker-stopped" });
    expect(await bed.store.sql`select 1 from fiscaut_tasks.worker`).toBeEmpty();
  });

  test("aborts after the drain time and gives the task back uncounted", async () => {
    const { worker, event } = await start({ endless: untilAborted });
    const id = await enqueue({ name: "endless" });
    await event("started", id);
    expect(await worker.stop("SIGTERM", 50)).toBe(false);
    expect(await find(id)).toMatchObject({ state: "pending", attempt: 0, errors: [] });
  });

  test("aborts at once when forced", async () => {
    const { worker, event } = await start({ endless: untilAborted });
    const id = await enqueue({ name: "endless" });
    await event("started", id);
    const stopped = worker.stop("SIGTERM", 600_000);
    await event("worker-stopping");
    worker.abortNow();
    expect(await stopped).toBe(false);
    expect(await find(id)).toMatchObject({ state: "pending" });
  });
});

describe("the history", () => {
  test("has its partitions before the first claim, and loses what is too old", async () => {
    const { sql } = bed.store;
    await dropPartitions(bed.store);
    await sql`
      insert into fiscaut_tasks.task_history
        (id, queue, name, payload, priority, max_attempts, run_at, finished_at, state)
      values (-1, 'default', 'old', '{}', 0, 1, now(), now() - interval '100 days', 'failed')`;
    const id = await enqueue({ name: "new" });
    const { event } = await start(
      { new: async () => "done" },
      { retention: { succeeded: Infinity, failed: 90 * 86_400_000, cancelled: Infinity } },
    );
    await event("succeeded", id);
    const [row] = await sql<{ partition: string }[]>`
      select tableoid::regclass::text as partition from fiscaut_tasks.task_history where id = ${id}`;
    expect(row?.partition).toMatch(/_succeeded_\d{8}$/);
    expect(await event("pruned")).toMatchObject({
      partition: expect.stringMatching(/^task_history_failed_\d{8}$/),
      state: "failed",
    });
    expect(await find(-1)).toBeUndefined();
  });
});

describe("leases", () => {
  test("another worker's task is rescued and run when that worker's lease is past", async () => {
    const dead = await registerWorker(bed.store, {
      host: "elsewhere",
      pid: 1,
      version: "test",
      leaseMs: 300,
    });
    const id = await enqueue({ name: "orphan" });
    await claimTasks(bed.store, { workerId: dead, names: ["orphan"], queues: [], limit: 1 });
    const { event } = await start({ orphan: async () => "rescued" }, { leaseMs: 1_000 });
    await event("rescued");
    await event("succeeded", id);
    expect(await find(id)).toMatchObject({ state: "succeeded", attempt: 2, errors: [{ workerId: dead }] });
  });

  test("a worker whose row is gone aborts what it runs, its outcome is refused, and it goes on under a new id", async () => {
    const { worker, event } = await start({ long: untilAborted, after: async () => "ok" }, { leaseMs: 500 });
    const first = worker.status().workerId;
    const id = await enqueue({ name: "long" });
    await event("started", id);
    // What a rescuer elsewhere does; the task then waits far in the future, so that this worker does not take it.
    await bed.store.sql`delete from fiscaut_tasks.worker`;
    await bed.store
      .sql`update fiscaut_tasks.task set worker_id = null, due = false, run_at = now() + interval '1 h' where id = ${id}`;
    expect(await event("lease-lost")).toMatchObject({ workerId: first, running: 1 });
    await event("refused", id);
    const next = await enqueue({ name: "after" });
    await event("succeeded", next);
    expect(worker.status().workerId).not.toBe(first);
  });
});
