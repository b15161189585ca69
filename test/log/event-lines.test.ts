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
