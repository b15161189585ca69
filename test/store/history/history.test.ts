import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { findBatch } from "../../../src/store/batch.ts";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { retryTask } from "../../../src/store/control/retry.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { enqueueBatch } from "../../../src/store/enqueue/enqueue-batch.ts";
import { findTask, listTasks } from "../../../src/store/find.ts";
import { makePartitions, weeksAhead } from "../../../src/store/history/history-partitions.ts";
import { pruneHistory, readPrunable } from "../../../src/store/history/prune.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
import type { Retention } from "../../../src/task/retention.ts";
import { settle } from "../../../src/task/settle.ts";
import type { FinishedState } from "../../../src/task/task.ts";
import { dropPartitions } from "../../drop-partitions.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

const dayMs = 86_400_000;
const retention: Retention = { succeeded: 30 * dayMs, failed: 90 * dayMs, cancelled: 30 * dayMs };

let database: TestDatabase;
let workerId: number;
beforeEach(async () => {
  database = await createDatabase();
  workerId = await registerWorker(database.store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
});
afterEach(() => database.drop());

const outcomes: Record<FinishedState, Outcome> = {
  succeeded: { kind: "succeeded", result: "done" },
  failed: { kind: "failed", error: { message: "422 bad record", stack: null } },
  cancelled: { kind: "cancelled" },
};

/** Claims the oldest due task and completes it. */
async function finishNext(state: FinishedState): Promise<number> {
  const [task] = await claimTasks(database.store, { workerId, names: ["a"], queues: [], limit: 1 });
  if (task === undefined) throw new Error("nothing was claimed");
  const transition = settle(task, outcomes[state]);
  const completed = await completeTasks(database.store, workerId, [
    { id: task.id, attempt: task.attempt, transition },
  ]);
  expect(completed).toEqual([{ id: task.id, state }]);
  return task.id;
}

async function finishOne(state: FinishedState): Promise<number> {
  await enqueueTask(database.store, checkNewTask({ name: "a", payload: { kept: true } }));
  return await finishNext(state);
}

/** A task that finished so long ago, in the partition of its week. */
async function finishLongAgo(state: FinishedState, days: number): Promise<number> {
  const id = await finishOne(state);
  await age(id, days);
  return id;
}

async function age(id: number, days: number): Promise<void> {
  await database.store.sql`
    update fiscaut_tasks.task_history set finished_at = now() - ${days}::int * interval '1 day' where id = ${id}`;
  await makePartitions(database.store);
}

async function partitionOf(id: number): Promise<string | undefined> {
  const [row] = await database.store.sql<{ name: string }[]>`
    select c.relname as name from fiscaut_tasks.task_history h join pg_class c on c.oid = h.tableoid where h.id = ${id}`;
  return row?.name;
}

/** As partitions are named: `_YYYYMMDD` of a Monday, by the database's clock. */
async function weekOf(days: number): Promise<string> {
  const [row] = await database.store.sql<{ week: string }[]>`
    select to_char(date_trunc('week', now() - ${days}::int * interval '1 day'), '_YYYYMMDD') as week`;
  return row?.week ?? "";
}

describe("makePartitions", () => {
  test("makes this week and the next ones of every state, once, however many make them at once", async () => {
    await dropPartitions(database.store);
    const rounds = await Promise.all(Array.from({ length: 4 }, () => makePartitions(database.store)));
    const weeks = await Promise.all(Array.from({ length: weeksAhead + 1 }, (_, week) => weekOf(-7 * week)));
    expect(
      rounds
        .flat()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(
      ["cancelled", "failed", "succeeded"].flatMap((state) =>
        weeks.map((week) => `task_history_${state}${week}`),
      ),
    );
    expect(await makePartitions(database.store)).toEqual([]);
  });

  test("gives rows that finished in a week without a partition one, and loses none of them", async () => {
    const week = await weekOf(0);
    await database.store.sql.unsafe(`drop table fiscaut_tasks.task_history_succeeded${week}`);
    const ids = [await finishOne("succeeded"), await finishOne("succeeded")];
    expect(await partitionOf(ids[0] ?? 0)).toBe("task_history_succeeded_default");
    expect(await makePartitions(database.store)).toMatchObject([{ name: `task_history_succeeded${week}` }]);
    for (const id of ids) {
      expect(await partitionOf(id)).toBe(`task_history_succeeded${week}`);
      expect(await findTask(database.store, id)).toMatchObject({ state: "succeeded", result: "done" });
    }
  });
});

describe("a finished task", () => {
  test("lies in the partition of its state and week", async () => {
    const week = await weekOf(0);
    for (const state of ["succeeded", "failed", "cancelled"] as const)
      expect(await partitionOf(await finishOne(state))).toBe(`task_history_${state}${week}`);
    const { id } = await enqueueTask(database.store, checkNewTask({ name: "waits", delayMs: 60_000 }));
    expect(await cancelTask(database.store, id)).toEqual({ kind: "done", state: "cancelled" });
    expect(await partitionOf(id)).toBe(`task_history_cancelled${week}`);
  });

  test("is found by its id wherever it lies, and listed the newest id first", async () => {
    const ids: number[] = [];
    for (const days of [0, 8, 50, 200]) ids.push(await finishLongAgo("failed", days));
    ids.push(await finishOne("succeeded"));
    for (const id of ids) expect((await findTask(database.store, id))?.id).toBe(id);
    const listed = await listTasks(database.store, {}, 10);
    expect(listed.map((task) => task.id)).toEqual(ids.toReversed());
    expect(await listTasks(database.store, { state: "failed" }, 10)).toHaveLength(4);
  });

  test("is revived from an old partition, and finishes in the one of today", async () => {
    const id = await finishLongAgo("failed", 80);
    expect(await partitionOf(id)).toBe(`task_history_failed${await weekOf(80)}`);
    expect(await retryTask(database.store, id)).toEqual({ kind: "done", state: "pending" });
    expect(await partitionOf(id)).toBeUndefined();
    expect(await finishNext("succeeded")).toBe(id);
    expect(await partitionOf(id)).toBe(`task_history_succeeded${await weekOf(0)}`);
    expect(await findTask(database.store, id)).toMatchObject({
      attempt: 2,
      payload: { kept: true },
      errors: [{ message: "422 bad record" }],
    });
  });

  test("counts for its batch in whichever partition it lies, until it is pruned", async () => {
    const tasks = Array.from({ length: 4 }, () => checkNewTask({ name: "a" }));
    const batch = await enqueueBatch(database.store, { title: "b", skipped: {}, enqueuedBy: null }, tasks);
    const old = await finishNext("succeeded");
    await finishNext("succeeded");
    await age(await finishNext("failed"), 40);
    await age(old, 40);
    expect(await findBatch(database.store, batch.id)).toMatchObject({
      states: { succeeded: 2, failed: 1, pending: 1 },
      complete: false,
    });
    await pruneHistory(database.store, retention);
    expect((await findBatch(database.store, batch.id))?.states).toMatchObject({ succeeded: 1, failed: 1 });
  });
});

describe("pruneHistory", () => {
  test("drops a state's partition when its newest row is past that state's retention, not before", async () => {
    const gone = [await finishLongAgo("succeeded", 37), await finishLongAgo("failed", 97)];
    const kept = [
      await finishLongAgo("succeeded", 29),
      await finishLongAgo("failed", 37),
      await finishLongAgo("failed", 89),
      await finishOne("cancelled"),
    ];
    const wanted = [
      { name: `task_history_failed${await weekOf(97)}`, state: "failed" },
      { name: `task_history_succeeded${await weekOf(37)}`, state: "succeeded" },
    ];
    expect(await readPrunable(database.store, retention)).toMatchObject(wanted);
    const [first] = await pruneHistory(database.store, retention);
    expect(first?.bytes).toBeGreaterThan(0);
    expect(new Date(first?.to ?? "").getTime() - new Date(first?.from ?? "").getTime()).toBe(7 * dayMs);
    expect(await pruneHistory(database.store, retention)).toEqual([]);
    for (const id of gone) expect(await findTask(database.store, id)).toBeUndefined();
    for (const id of kept) expect(await findTask(database.store, id)).toBeDefined();
  });

  test("tells about how many rows a partition has", async () => {
    await finishLongAgo("succeeded", 50);
    await database.store.sql`analyze fiscaut_tasks.task_history`;
    expect(await readPrunable(database.store, retention)).toMatchObject([{ rows: 1 }]);
  });

  test("keeps for ever what is to be kept for ever", async () => {
    const id = await finishLongAgo("failed", 5_000);
    const forever = { ...retention, failed: Number.POSITIVE_INFINITY };
    expect(await pruneHistory(database.store, forever)).toEqual([]);
    expect(await findTask(database.store, id)).toBeDefined();
  });

  test("of several at once, each partition is dropped by one", async () => {
    for (const days of [100, 110, 120, 130]) await finishLongAgo("failed", days);
    const prunable = await readPrunable(database.store, retention);
    const rounds = await Promise.all(
      Array.from({ length: 4 }, () => pruneHistory(database.store, retention)),
    );
    expect(
      rounds
        .flat()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(prunable.map(({ name }) => name).toSorted());
    expect(prunable.length).toBeGreaterThanOrEqual(4);
  });

  test("fails no completion that happens meanwhile", async () => {
    for (const days of [40, 50, 60, 70, 80]) await finishLongAgo("succeeded", days);
    let pruning = true;
    const pruned = pruneHistory(database.store, retention).finally(() => {
      pruning = false;
    });
    let finished = 0;
    while (pruning || finished < 20) {
      await finishOne("succeeded");
      finished += 1;
    }
    expect((await pruned).length).toBeGreaterThanOrEqual(5);
  });

  test("gives way to a session that reads the history, which holds no completion up, and succeeds after it", async () => {
    const id = await finishLongAgo("succeeded", 50);
    const reading = Promise.withResolvers<void>();
    const read = Promise.withResolvers<void>();
    const reader = database.store.sql.begin(async (sql) => {
      await sql`select count(*) from fiscaut_tasks.task_history`;
      reading.resolve();
      await read.promise;
    });
    await reading.promise;
    const pruned = pruneHistory(database.store, retention).then(
      () => "pruned",
      (error: unknown) => error,
    );
    const finished = await finishOne("succeeded");
    expect(await pruned).toMatchObject({
      kind: "unavailable",
      message: "the task history is locked by another session",
    });
    read.resolve();
    await reader;
    expect(await pruneHistory(database.store, retention)).toHaveLength(1);
    expect(await findTask(database.store, id)).toBeUndefined();
    expect(await findTask(database.store, finished)).toBeDefined();
  });
});
