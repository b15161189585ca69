/** How fast something goes and how long the rest takes, and the words for it. */
import { describe, expect, test } from "bun:test";
import { attemptSecondsLeft, describeTimeLeft, paceOf } from "../../../src/task/time/pace.ts";

const passage = { left: 49_940, finishedLastMinute: 60, sinceFirstMs: 59_000, stalled: null };

describe("the pace of a batch", () => {
  test("at one a second over 50,000 leaves hours", () => {
    expect(paceOf(passage)).toEqual({
      finishedLastMinute: 60,
      perSecond: 1,
      etaSeconds: 49_940,
      stalled: null,
    });
  });

  test("counts from the first end on, so a batch that has just begun is not taken for a slow one", () => {
    expect(paceOf({ ...passage, left: 90, finishedLastMinute: 11, sinceFirstMs: 5_000 })).toMatchObject({
      perSecond: 2,
      etaSeconds: 45,
    });
  });

  test("of tasks that end no more falls until nothing can be told", () => {
    const at = (finishedLastMinute: number, sinceFirstMs: number | null) =>
      paceOf({ ...passage, left: 100, finishedLastMinute, sinceFirstMs });
    expect(at(31, 30_000).etaSeconds).toBe(100);
    expect(at(31, 60_000).etaSeconds).toBe(200);
    expect(at(1, 60_000)).toMatchObject({ perSecond: null, etaSeconds: null });
    expect(at(0, null)).toMatchObject({ perSecond: null, etaSeconds: null });
  });

  test("of tasks that end at one instant is not without end", () => {
    expect(paceOf({ ...passage, finishedLastMinute: 101, sinceFirstMs: 0 }).perSecond).toBe(100);
  });

  test("gives no time while a queue stands still, and 0 when nothing is left", () => {
    const stalled = "queue fiscaut is paused";
    expect(paceOf({ ...passage, stalled })).toMatchObject({ perSecond: 1, etaSeconds: null, stalled });
    expect(paceOf({ ...passage, left: 0, finishedLastMinute: 0, sinceFirstMs: null }).etaSeconds).toBe(0);
  });
});

test("an attempt's time left follows from its progress", () => {
  expect(attemptSecondsLeft(0.25, 30_000)).toBe(90);
  expect(attemptSecondsLeft(1, 30_000)).toBe(0);
  expect(attemptSecondsLeft(0, 30_000)).toBeNull();
});

test.each([
  [0, "about 0 s left"],
  [119, "about 119 s left"],
  [120, "about 2 min left"],
  [7_169, "about 119 min left"],
  [7_170, "about 2 h left"],
  [49_940, "about 13 h 50 min left"],
  [2 * 86_400 - 1, "about 2 days left"],
  [12 * 86_400 + 3 * 3_600, "about 12 days 3 h left"],
])("%d seconds are %p", (seconds, words) => {
  expect(describeTimeLeft(seconds)).toBe(words);
});
