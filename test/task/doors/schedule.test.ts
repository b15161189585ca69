import { describe, expect, test } from "bun:test";
import { checkNewSchedule, chooseTicks, maxTicksAtOnce } from "../../../src/task/doors/schedule.ts";

const now = new Date("2026-11-24T12:00:30Z");
const hoursAgo = (...hours: number[]) =>
  hours.map((h) => new Date(Date.parse("2026-11-24T12:00:00Z") - h * 3_600_000));

describe("chooseTicks", () => {
  test("takes a tick that is on time whatever the policy", () => {
    for (const missed of ["skip", "latest", "all"] as const)
      expect(chooseTicks(hoursAgo(0), missed, now)).toEqual(hoursAgo(0));
  });
  test("of missed ones takes none, the newest, or all", () => {
    const missed = hoursAgo(3, 2, 1);
    expect(chooseTicks(missed, "skip", now)).toEqual([]);
    expect(chooseTicks(missed, "latest", now)).toEqual(hoursAgo(1));
    expect(chooseTicks(missed, "all", now)).toEqual(missed);
  });
  test("makes up for none by latest when a newer one is on time", () => {
    expect(chooseTicks(hoursAgo(2, 1, 0), "latest", now)).toEqual(hoursAgo(0));
    expect(chooseTicks(hoursAgo(2, 1, 0), "skip", now)).toEqual(hoursAgo(0));
  });
  test("never takes more than the bound, the newest of them", () => {
    const many = hoursAgo(...Array.from({ length: 500 }, (_, index) => 500 - index));
    expect(chooseTicks(many, "all", now)).toEqual(many.slice(-maxTicksAtOnce));
  });
});

describe("checkNewSchedule", () => {
  const valid = { name: "nightly", cron: "0 3 * * *", task: { name: "a" } };
  test("fills in Sao Paulo's time zone, the policy latest and the task's defaults", () => {
    expect(checkNewSchedule(valid)).toMatchObject({
      timeZone: "America/Sao_Paulo",
      missed: "latest",
      task: { name: "a", queue: "default", payload: {} },
    });
  });
  const wrong: [string, object, string][] = [
    ["a name with blanks", { name: "every night" }, "the schedule's name"],
    ["an unknown policy", { missed: "some" }, "missed"],
    ["a rule that is none", { cron: "daily" }, "not a cron rule"],
    ["a task without name", { task: {} }, "task.name"],
    ["a task with an unknown field", { task: { name: "a", colour: 1 } }, "colour"],
    ["a task with a time of its own", { task: { name: "a", delayMs: 5 } }, "task.delayMs"],
    ["a task that repeats", { task: { name: "a", repeatMs: 5_000 } }, "task.repeatMs"],
    ["a task that waits for others", { task: { name: "a", after: [1] } }, "task.after"],
  ];
  for (const [what, part, message] of wrong)
    test(`refuses ${what}`, () => {
      expect(() => checkNewSchedule({ ...valid, ...part })).toThrow(message);
    });
});
