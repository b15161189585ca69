import { expect, test } from "bun:test";
import type { TaskEvent } from "../../src/task/events.ts";
import { type MomentKind, momentKinds, momentsOf } from "../../src/task/life.ts";

const task = { id: 7, name: "a", queue: "q", attempt: 2 };
const at = new Date("2026-11-24T12:00:00Z");
const durationMs = 5;

const turns: [string, TaskEvent, MomentKind[]][] = [
  ["created", { kind: "created", task }, ["created"]],
  ["started", { kind: "started", task }, ["started"]],
  ["a success", { kind: "succeeded", task, durationMs }, ["succeeded", "finished"]],
  ["an error", { kind: "errored", task, durationMs, message: "m", delayMs: 9 }, ["errored", "rescheduled"]],
  ["a snooze", { kind: "snoozed", task, durationMs, delayMs: 9 }, ["rescheduled"]],
  ["given back", { kind: "given-back", task, durationMs }, ["rescheduled"]],
  ["the last error", { kind: "failed", task, durationMs, message: "m" }, ["errored", "failed", "finished"]],
  ["a cancel", { kind: "cancelled", task, durationMs }, ["cancelled", "finished"]],
  ["a rescue", { kind: "rescued", task, workerId: 3, state: "pending" }, ["rescued"]],
  [
    "the last rescue",
    { kind: "rescued", task, workerId: 3, state: "failed" },
    ["rescued", "failed", "finished"],
  ],
  [
    "a rescue of a cancelled one",
    { kind: "rescued", task, workerId: 3, state: "cancelled" },
    ["rescued", "cancelled", "finished"],
  ],
  ["a wait in vain", { kind: "wait-failed", task, message: "m" }, ["failed", "finished"]],
  ["a refused outcome", { kind: "refused", task, durationMs }, []],
  ["progress", { kind: "progress", task, progress: { fraction: 1, message: null } }, []],
];

test.each(turns)("%s is told in its moments, in their order", (_, event, kinds) => {
  const moments = momentsOf(event, at);
  expect(moments.map(({ kind }) => kind)).toEqual(kinds);
  for (const moment of moments) expect(moment).toMatchObject({ at: "2026-11-24T12:00:00.000Z", task });
});

test("every kind of moment comes from some event", () => {
  const told = new Set(turns.flatMap(([, event]) => momentsOf(event, at).map(({ kind }) => kind)));
  expect([...told].toSorted()).toEqual([...momentKinds].toSorted());
});

test("a moment says what a hook needs to act on it", () => {
  expect(momentsOf({ kind: "errored", task, durationMs, message: "no", delayMs: 9 }, at)).toEqual([
    { at: at.toISOString(), task, kind: "errored", durationMs, message: "no" },
    { at: at.toISOString(), task, kind: "rescheduled", delayMs: 9, because: "errored" },
  ]);
});

test("what is no task's has no moments, nor have a batch's tasks when they are created", () => {
  const added = [{ name: "a", queue: "q", count: 2 }];
  expect(momentsOf({ kind: "batch-created", batchId: 1, added }, at)).toBeEmpty();
  expect(momentsOf({ kind: "worker-stopped" }, at)).toBeEmpty();
});
