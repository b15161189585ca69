import { expect, test } from "bun:test";
import { lineOf } from "../../src/log/event-lines.ts";

test("a pruned partition is a line that tells which tasks are gone", () => {
  const week = { state: "failed", from: "2026-08-03T00:00:00Z", to: "2026-08-10T00:00:00Z" } as const;
  const size = { rows: 120, bytes: 81_920 };
  expect(lineOf({ kind: "pruned", partition: "task_history_failed_20260803", ...week, ...size })).toEqual({
    level: "info",
    message: "old tasks pruned from the history",
    fields: { partition: "task_history_failed_20260803", ...week, ...size },
  });
});

test("a held queue is a warning in the words of its reason, with how long it is where that is known", () => {
  const held = {
    kind: "queue-held",
    queue: "fiscaut",
    reason: "the Fiscaut API asks to slow down (429)",
  } as const;
  expect(lineOf({ ...held, forMs: 10_000 })).toEqual({
    level: "warn",
    message: "queue held: the Fiscaut API asks to slow down (429)",
    fields: { queue: "fiscaut", forMs: 10_000 },
  });
  expect(lineOf({ ...held, forMs: null }).fields).toEqual({ queue: "fiscaut" });
});

test("a batch that a handler enqueues is one quiet line, with how many tasks it has", () => {
  const added = ["q", "r"].map((queue, index) => ({ name: "a", queue, count: 2 + index }));
  expect(lineOf({ kind: "batch-created", batchId: 7, added })).toEqual({
    level: "debug",
    message: "batch created",
    fields: { batch: 7, tasks: 5 },
  });
});
