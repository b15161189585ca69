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

test("a batch that a handler enqueues is one quiet line, with how many tasks it has", () => {
  const added = ["q", "r"].map((queue, index) => ({ name: "a", queue, count: 2 + index }));
  expect(lineOf({ kind: "batch-created", batchId: 7, added })).toEqual({
    level: "debug",
    message: "batch created",
    fields: { batch: 7, tasks: 5 },
  });
});
