/**
 * Log lines and progress in the store: what is kept of them, in which order, and that only the execution that told them may.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { type AttemptReport, writeReports } from "../../../src/store/attempt/reports.ts";
import { rescueTasks } from "../../../src/store/attempt/rescue.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { retryTask } from "../../../src/store/control/retry.ts";
import { findTask, listTasks } from "../../../src/store/find.ts";
import { readTaskLog } from "../../../src/store/read-log.ts";
import type { Outcome } from "../../../src/task/outcome.ts";
import { settle } from "../../../src/task/settle.ts";
import type { ClaimedTask } from "../../../src/task/task.ts";
import { keptLines, type LogLine } from "../../../src/task/task-log.ts";
import { createSteps, type Steps } from "../../http/tasks/task-steps.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

let database: TestDatabase;
let steps: Steps;
beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.worker`;
  steps = await createSteps(database.store);
});
afterAll(() => database.drop());

const at = "2026-11-24T12:00:00.000Z";
/** Lines `from` to `to`, as the attempt of `task` would tell them. */
const lines = ({ attempt }: ClaimedTask, from: number, to: number): LogLine[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    n: from + i,
    at,
    attempt,
    message: `line ${from + i}`,
  }));

async function start(name: string, maxAttempts = 3): Promise<ClaimedTask> {
  await steps.enqueue({ name, maxAttempts });
  return await steps.claim(name);
}

const reportOf = (
  task: ClaimedTask,
  told: LogLine[],
  changes: Partial<AttemptReport> = {},
): AttemptReport => {
  const { id, attempt, claimedAt } = task;
  return { id, attempt, workerId: steps.workerId, claimedAt, lines: told, progress: null, ...changes };
};
const write = (...reports: AttemptReport[]) => writeReports(database.store, reports);
const complete = (task: ClaimedTask, outcome: Outcome, told: LogLine[]) => {
  const { id, attempt } = task;
  const report = { lines: told, progress: null };
  return completeTasks(database.store, steps.workerId, [
    { id, attempt, transition: settle(task, outcome), report },
  ]);
};
const numbersOf = async (id: number, afterN?: number) =>
  (await readTaskLog(database.store, id, afterN))?.lines.map(({ n }) => n);
const error = { message: "boom", stack: null };

describe("a report", () => {
  test("of many tasks is stored by one statement, each task's lines in their order", async () => {
    const [one, two] = [await start("one"), await start("two")];
    const fields = { supplier: "JOSÉ" };
    const stored = await write(
      reportOf(one, lines(one, 1, 3), { progress: { fraction: 0.5, message: "half" } }),
      reportOf(two, [{ n: 1, at, attempt: 1, message: "with fields", fields }]),
    );
    expect(stored).toEqual(new Set([one.id, two.id]));
    expect(await readTaskLog(database.store, one.id)).toEqual({ state: "running", lines: lines(one, 1, 3) });
    expect(await readTaskLog(database.store, two.id)).toMatchObject({
      lines: [{ message: "with fields", fields }],
    });
    expect((await findTask(database.store, one.id))?.progress).toEqual({ fraction: 0.5, message: "half" });
    expect((await findTask(database.store, two.id))?.progress).toBeNull();
  });

  test("that is told again adds nothing twice, and what is new in it", async () => {
    const task = await start("again");
    await write(reportOf(task, lines(task, 1, 3)));
    await write(reportOf(task, lines(task, 1, 4)));
    expect(await numbersOf(task.id)).toEqual([1, 2, 3, 4]);
  });

  test("leaves the task its newest lines, which go on counting", async () => {
    const task = await start("many");
    await write(reportOf(task, lines(task, 1, 150)));
    await write(reportOf(task, lines(task, 151, 260)));
    const numbers = (await numbersOf(task.id)) ?? [];
    expect([numbers.length, numbers[0], numbers.at(-1)]).toEqual([keptLines, 61, 260]);
    expect(await numbersOf(task.id, 258)).toEqual([259, 260]);
    await write(reportOf(task, lines(task, 500, 699)));
    expect((await numbersOf(task.id))?.[0]).toBe(500);
  });

  test("of an execution that has lost its task changes nothing", async () => {
    const task = await start("lost");
    const stale: Partial<AttemptReport>[] = [
      { attempt: 2 },
      { workerId: steps.workerId + 1 },
      // As after a snooze: the same attempt of the same worker, but not the same execution.
      { claimedAt: "2026-01-01 00:00:00+00" },
    ];
    for (const changes of stale) {
      const told = reportOf(task, lines(task, 1, 1), {
        progress: { fraction: 1, message: null },
        ...changes,
      });
      expect(await write(told)).toEqual(new Set());
    }
    expect(await findTask(database.store, task.id)).toMatchObject({ progress: null });
    expect(await numbersOf(task.id)).toEqual([]);
  });

  test("waits for nobody who has a row locked, and stores the others", async () => {
    const [held, free] = [await start("held"), await start("free")];
    await database.store.sql.begin(async (transaction) => {
      await transaction`select 1 from fiscaut_tasks.task where id = ${held.id} for update`;
      const stored = await write(reportOf(held, lines(held, 1, 1)), reportOf(free, lines(free, 1, 1)));
      expect(stored).toEqual(new Set([free.id]));
    });
    expect(await write(reportOf(held, lines(held, 1, 1)))).toEqual(new Set([held.id]));
  });
});

describe("the end of an attempt", () => {
  test("stores what was not yet stored, whichever of the two comes first", async () => {
    const task = await start("ends");
    const report = reportOf(task, lines(task, 1, 2));
    await complete(task, { kind: "succeeded", result: 1 }, lines(task, 1, 5));
    expect(await write(report)).toEqual(new Set());
    expect(await numbersOf(task.id)).toEqual([1, 2, 3, 4, 5]);
    const other = await start("ends");
    await write(reportOf(other, lines(other, 1, 2)));
    await complete(other, { kind: "succeeded", result: 1 }, lines(other, 1, 5));
    expect(await readTaskLog(database.store, other.id)).toMatchObject({ state: "succeeded" });
    expect(await numbersOf(other.id)).toEqual([1, 2, 3, 4, 5]);
  });

  test("that is refused stores no line", async () => {
    const task = await start("refused");
    const late = { ...task, attempt: 7 };
    expect(await complete(late, { kind: "succeeded", result: 1 }, lines(late, 1, 1))).toEqual([]);
    expect(await complete(late, { kind: "errored", error, retryAfterMs: 0 }, lines(late, 1, 1))).toEqual([]);
    expect(await numbersOf(task.id)).toEqual([]);
  });

  test("keeps the lines of earlier attempts, counted or not, and the next one counts on", async () => {
    const first = await start("retried");
    expect(first.lastLine).toBe(0);
    await complete(first, { kind: "errored", error, retryAfterMs: 0 }, lines(first, 1, 2));
    const second = await steps.claim("retried");
    expect(second.lastLine).toBe(2);
    await write(reportOf(second, lines(second, 3, 3), { progress: { fraction: 0.5, message: null } }));
    await complete(second, { kind: "snoozed", delayMs: 0 }, lines(second, 4, 4));
    expect(await findTask(database.store, second.id)).toMatchObject({ state: "pending", progress: null });
    const third = await steps.claim("retried");
    expect([third.attempt, third.lastLine]).toEqual([2, 4]);
    await complete(third, { kind: "failed", error }, lines(third, 5, 5));
    expect(
      (await readTaskLog(database.store, third.id))?.lines.map(({ n, attempt }) => [n, attempt]),
    ).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 2],
    ]);
    await retryTask(database.store, third.id);
    expect((await steps.claim("retried")).lastLine).toBe(5);
  });

  test("keeps the progress that was told last, with it or before", async () => {
    const [before, withIt] = [await start("before"), await start("with")];
    const progress = { fraction: 0.75, message: "three quarters" };
    await write(reportOf(before, [], { progress }));
    await complete(before, { kind: "succeeded", result: null }, []);
    const { id, attempt } = withIt;
    const transition = settle(withIt, { kind: "failed", error });
    await completeTasks(database.store, steps.workerId, [
      { id, attempt, transition, report: { lines: [], progress } },
    ]);
    for (const task of [before, withIt])
      expect(await findTask(database.store, task.id)).toMatchObject({ progress });
  });

  test("that comes too late for a cancel keeps its lines too", async () => {
    const task = await start("late");
    await cancelTask(database.store, task.id);
    await complete(task, { kind: "errored", error }, lines(task, 1, 2));
    expect(await readTaskLog(database.store, task.id)).toEqual({
      state: "cancelled",
      lines: lines(task, 1, 2),
    });
  });
});

test("a task that is rescued, and one that is cancelled while it waits, keep their lines", async () => {
  const [orphan, last] = [await start("orphan"), await start("last", 1)];
  await write(reportOf(orphan, lines(orphan, 1, 2)), reportOf(last, lines(last, 1, 2)));
  await database.store.sql`update fiscaut_tasks.worker set heartbeat_at = now() - interval '1 hour'`;
  await rescueTasks(database.store);
  expect(await readTaskLog(database.store, orphan.id)).toMatchObject({ state: "pending" });
  expect(await readTaskLog(database.store, last.id)).toMatchObject({ state: "failed" });
  await cancelTask(database.store, orphan.id);
  for (const { id } of [orphan, last]) expect(await numbersOf(id)).toEqual([1, 2]);
});

test("a task without lines has none, an unknown one no log, and lists never show lines", async () => {
  const task = await start("silent");
  expect(await readTaskLog(database.store, task.id)).toEqual({ state: "running", lines: [] });
  expect(await readTaskLog(database.store, 2 ** 40)).toBeUndefined();
  const [listed] = await listTasks(database.store, {}, 1);
  expect(Object.keys(listed ?? {})).not.toContain("log");
});
