/** Tasks with a key: what becomes of an equal one, by rule and by the state of the live one. */
import { describe, expect, test } from "bun:test";
import { rescueTasks } from "../../../src/store/attempt/rescue.ts";
import { findBatch } from "../../../src/store/batch.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { retryTask } from "../../../src/store/control/retry.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { equalIsLive } from "../../../src/store/enqueue/insert-batch.ts";
import { findTask } from "../../../src/store/find.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
import { again, createOnceBed, succeeded } from "./once-bed.ts";

const bed = createOnceBed();

const find = (id: number) => findTask(bed.store, id);

describe("when a pending task has the key", () => {
  test("skip, the default, leaves it as it is and tells its id", async () => {
    const first = await bed.enqueue({ key: "k", payload: 1, priority: 3, delayMs: 60_000 });
    const second = await bed.enqueue({ key: "k", payload: 2, priority: 9 });
    expect(first.outcome).toBe("created");
    expect(second).toEqual({ ...first, outcome: "skipped" });
    expect(await find(first.id)).toMatchObject({ payload: 1, priority: 3, key: "k" });
  });

  test("replace cancels it into the history and stores the new one", async () => {
    const first = await bed.enqueue({ key: "k", payload: 1 });
    const second = await bed.enqueue({ key: "k", payload: 2, onConflict: "replace" });
    expect(second.outcome).toBe("replaced");
    expect(second.id).toBeGreaterThan(first.id);
    expect(await find(first.id)).toMatchObject({ state: "cancelled", key: "k", payload: 1 });
    expect(await find(second.id)).toMatchObject({ state: "pending", key: "k", payload: 2 });
  });

  test("reschedule moves its time and priority, and keeps its payload", async () => {
    const first = await bed.enqueue({ key: "k", payload: 1, delayMs: 3_600_000 });
    const moved = await bed.enqueue({
      key: "k",
      payload: 2,
      priority: 7,
      runAt: "2026-01-02T03:04:05Z",
      onConflict: "reschedule",
    });
    expect(moved).toEqual({
      id: first.id,
      runAt: new Date("2026-01-02T03:04:05Z"),
      outcome: "rescheduled",
    });
    expect(await bed.claim()).toMatchObject({ id: first.id, payload: 1, priority: 7 });
  });

  test("reschedule can also put a due one off", async () => {
    await bed.enqueue({ key: "k" });
    await bed.enqueue({ key: "k", delayMs: 60_000, onConflict: "reschedule" });
    expect(await bed.claimAll()).toEqual([]);
  });

  test("one that waits for its retry counts as pending", async () => {
    const { id } = await bed.enqueue({ key: "k" });
    await bed.complete(await bed.claim(), again);
    expect(await bed.enqueue({ key: "k" })).toMatchObject({ id, outcome: "skipped" });
    expect(await bed.enqueue({ key: "k", onConflict: "reschedule" })).toMatchObject({
      id,
      outcome: "rescheduled",
    });
    expect(await bed.claim()).toMatchObject({ id, attempt: 2 });
  });
});

describe("when a running task has the key", () => {
  test("skip leaves it at that", async () => {
    const { id } = await bed.enqueue({ key: "k" });
    const running = await bed.claim();
    expect(await bed.enqueue({ key: "k" })).toMatchObject({ id, outcome: "skipped" });
    expect(await bed.complete(running, succeeded)).toEqual([{ id, state: "succeeded" }]);
  });

  for (const onConflict of ["replace", "reschedule"] as const)
    test(`${onConflict} lets it go on without the key and stores the new one`, async () => {
      const { id } = await bed.enqueue({ key: "k", payload: 1 });
      const running = await bed.claim();
      const next = await bed.enqueue({ key: "k", payload: 2, onConflict });
      expect(next.outcome).toBe("created");
      expect(await find(id)).toMatchObject({ state: "running", key: null });
      expect(await find(next.id)).toMatchObject({ state: "pending", key: "k", payload: 2 });
      expect(await bed.complete(running, succeeded)).toEqual([{ id, state: "succeeded" }]);
    });

  const unsuccessful: [string, Outcome][] = [
    ["an error", again],
    ["the worker's stop", { kind: "given-back" }],
  ];
  for (const [what, outcome] of unsuccessful)
    test(`${what} ends a replaced one, for the new one is there to run`, async () => {
      const { id } = await bed.enqueue({ key: "k" });
      const running = await bed.claim();
      const next = await bed.enqueue({ key: "k", onConflict: "replace" });
      expect(await bed.complete(running, outcome)).toEqual([{ id, state: "cancelled" }]);
      expect((await bed.claimAll(10)).map((task) => task.id)).toEqual([next.id]);
    });

  test("its worker's death ends a replaced one, too", async () => {
    const lost = await bed.register();
    const { id } = await bed.enqueue({ key: "k" });
    await bed.claimAll(1, lost);
    await bed.enqueue({ key: "k", onConflict: "replace" });
    await bed.store
      .sql`update fiscaut_tasks.worker set heartbeat_at = now() - interval '1 hour' where id = ${lost}`;
    expect(await rescueTasks(bed.store)).toEqual([
      { id, name: "a", queue: "default", attempt: 1, workerId: lost, state: "cancelled" },
    ]);
  });
});

describe("a key", () => {
  test("is free again when its task has finished", async () => {
    const first = await bed.enqueue({ key: "k" });
    await bed.complete(await bed.claim(), succeeded);
    const second = await bed.enqueue({ key: "k" });
    expect(second.outcome).toBe("created");
    expect((await find(first.id))?.key).toBe("k");
    await cancelTask(bed.store, second.id);
    expect((await bed.enqueue({ key: "k" })).outcome).toBe("created");
  });

  test("made of the payload makes equal tasks one", async () => {
    const first = await bed.enqueue({ payload: { a: 1, b: 2 }, keyOf: "payload" });
    expect(await bed.enqueue({ payload: { b: 2, a: 1 }, keyOf: "payload" })).toMatchObject({
      id: first.id,
      outcome: "skipped",
    });
    expect((await bed.enqueue({ payload: { a: 1, b: 3 }, keyOf: "payload" })).outcome).toBe("created");
  });

  test("that another live task has meanwhile forbids the retry of a finished one, which stays as it is", async () => {
    const { id } = await bed.enqueue({ key: "k" });
    await bed.complete(await bed.claim(), { kind: "failed", error: { message: "422", stack: null } });
    const holder = await bed.enqueue({ key: "k" });
    await expect(retryTask(bed.store, id)).rejects.toMatchObject({
      kind: "conflict",
      message: `task ${id} can't be retried: task ${holder.id} is live and has its key`,
    });
    expect(await find(id)).toMatchObject({ state: "failed" });
    await cancelTask(bed.store, holder.id);
    expect(await retryTask(bed.store, id)).toEqual({ kind: "done", state: "pending" });
    expect(await find(id)).toMatchObject({ state: "pending", key: "k" });
  });
});

describe("a batch", () => {
  test("stores each key once, counts what it left out, and adds up to its total", async () => {
    const live = await bed.enqueue({ key: "live" });
    const batch = await bed.enqueueAll(
      [
        { key: "live", payload: "lost" },
        { key: "new", payload: "first" },
        { payload: "free" },
        { key: "new", payload: "second" },
        { payload: "free" },
      ],
      { invalid: 4 },
    );
    expect(batch).toMatchObject({ total: 3, skipped: { invalid: 4, [equalIsLive]: 2 }, created: true });
    expect(await bed.liveWithKey("live")).toEqual([live.id]);
    const rows = await bed.store.sql`select payload from fiscaut_tasks.task where key = 'new'`;
    expect(rows.map((row) => row["payload"])).toEqual(["first"]);
    expect(await findBatch(bed.store, batch.id)).toMatchObject({ total: 3, states: { pending: 3 } });
  });

  test("of equal tasks treats each as if the one before had been stored already", async () => {
    const pending = await bed.enqueue({ key: "kept", payload: "kept", delayMs: 60_000 });
    const batch = await bed.enqueueAll([
      { key: "replaced", payload: 1 },
      { key: "replaced", payload: 2, onConflict: "replace" },
      { key: "moved", payload: 1, delayMs: 60_000 },
      { key: "moved", payload: 2, priority: 5, onConflict: "reschedule" },
      { key: "kept", payload: "new" },
      { key: "kept", payload: "newer", priority: 9, onConflict: "reschedule" },
    ]);
    expect(batch.total).toBe(2);
    const tasks = await bed.claimAll(10);
    expect(tasks.map(({ payload, priority }) => ({ payload, priority }))).toEqual([
      { payload: "kept", priority: 9 },
      { payload: 1, priority: 5 },
      { payload: 2, priority: 0 },
    ]);
    expect(tasks[0]?.id).toBe(pending.id);
  });

  test("whose pending task is replaced from outside still adds up: the task is among the cancelled", async () => {
    const batch = await bed.enqueueAll([{ key: "x" }, { key: "y" }]);
    await bed.enqueue({ key: "x", onConflict: "replace" });
    expect(await findBatch(bed.store, batch.id)).toMatchObject({
      total: 2,
      states: { pending: 1, cancelled: 1 },
    });
  });

  test("that fails midway changes no live task", async () => {
    const { id } = await bed.enqueue({ key: "k", payload: 1 });
    async function* broken() {
      for (let i = 0; i < 1000; i++) yield checkNewTask({ name: "a", key: "k", onConflict: "replace" });
      throw new Error("the file ends here");
    }
    const broke = enqueueBatch(bed.store, { title: "b", skipped: {}, enqueuedBy: null }, broken());
    await expect(broke).rejects.toThrow("the file ends here");
    expect(await bed.liveWithKey("k")).toEqual([id]);
    expect(await bed.cancelled()).toEqual([]);
  });
});
