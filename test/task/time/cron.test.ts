import { describe, expect, test } from "bun:test";
import { type CronRule, checkCron, nextTick, ticksBetween } from "../../../src/task/time/cron.ts";

/** The first `count` ticks after `from`, UTC. */
function ticks(cron: string, timeZone: string, from: string, count: number): string[] {
  const found: string[] = [];
  for (let at: Date | null = new Date(from); found.length < count; ) {
    at = nextTick({ cron, timeZone }, at);
    if (at === null) break;
    found.push(at.toISOString().replace(":00.000Z", ""));
  }
  return found;
}

describe("nextTick", () => {
  test("reads the rule by the wall clock of its time zone", () => {
    expect(ticks("0 6 * * 1-5", "America/Sao_Paulo", "2026-11-26T12:00:00Z", 2)).toEqual([
      "2026-11-27T09:00",
      "2026-11-30T09:00",
    ]);
    expect(ticks("0 6 * * *", "Asia/Kolkata", "2026-11-26T12:00:00Z", 1)).toEqual(["2026-11-27T00:30"]);
  });

  test("comes after the instant, never at it", () => {
    expect(ticks("0 * * * *", "UTC", "2026-11-26T12:00:00Z", 1)).toEqual(["2026-11-26T13:00"]);
    expect(ticks("0 * * * *", "UTC", "2026-11-26T11:59:59.999Z", 1)).toEqual(["2026-11-26T12:00"]);
  });

  test("takes seconds as a first of six fields", () => {
    expect(nextTick({ cron: "*/5 * * * * *", timeZone: "UTC" }, new Date("2026-11-26T12:00:01Z"))).toEqual(
      new Date("2026-11-26T12:00:05Z"),
    );
  });

  test("at a fixed time that clocks put forward leave out, is just after the gap (New York)", () => {
    expect(ticks("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", 2)).toEqual([
      "2026-03-08T07:00",
      "2026-03-09T06:30",
    ]);
  });

  test("at a fixed time that clocks put back repeat, is the first of the two, once (New York)", () => {
    expect(ticks("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2)).toEqual([
      "2026-11-01T05:30",
      "2026-11-02T06:30",
    ]);
  });

  test("every half hour goes on by elapsed time through gap and overlap (New York)", () => {
    for (const from of ["2026-03-08T05:59:00Z", "2026-11-01T03:59:00Z"]) {
      const found = ticks("*/30 * * * *", "America/New_York", from, 10).map((tick) => Date.parse(`${tick}Z`));
      expect(new Set(found.slice(1).map((tick, index) => tick - (found[index] ?? 0)))).toEqual(
        new Set([1_800_000]),
      );
    }
  });

  test("at midnight was an hour later when Sao Paulo's summer time began at midnight", () => {
    expect(ticks("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", 2)).toEqual([
      "2018-11-04T03:00",
      "2018-11-05T02:00",
    ]);
  });

  test("late in the evening came once when Sao Paulo's summer time ended at midnight", () => {
    expect(ticks("30 23 * * *", "America/Sao_Paulo", "2018-02-17T12:00:00Z", 2)).toEqual([
      "2018-02-18T01:30",
      "2018-02-19T02:30",
    ]);
  });
});

describe("ticksBetween", () => {
  test("finds backwards what nextTick finds forwards, also where clocks change", () => {
    const changes = [
      ["America/New_York", "2026-03-07", "2026-03-10"],
      ["America/New_York", "2026-10-31", "2026-11-03"],
      ["America/Sao_Paulo", "2018-11-03", "2018-11-06"],
      ["America/Sao_Paulo", "2018-02-16", "2018-02-20"],
      ["Europe/London", "2026-10-24", "2026-10-27"],
    ] as const;
    const rules = [
      "30 2 * * *",
      "30 1 * * *",
      "*/20 * * * *",
      "0 0 * * *",
      "30 23 * * *",
      "15 0,1,2 * * *",
      "0 1-3 * * *",
    ];
    for (const [timeZone, first, last] of changes)
      for (const cron of rules) {
        const rule: CronRule = { cron, timeZone };
        const [from, to] = [new Date(first), new Date(last)];
        const forwards: Date[] = [];
        let at = nextTick(rule, new Date(from.getTime() - 1));
        for (; at !== null && at <= to; at = nextTick(rule, at)) forwards.push(at);
        expect({ rule, ticks: ticksBetween(rule, from, to, 1_000) }).toEqual({ rule, ticks: forwards });
      }
  });

  test("includes both ends and keeps the newest", () => {
    const rule = { cron: "0 * * * *", timeZone: "UTC" };
    const [from, to] = [new Date("2026-11-26T10:00:00Z"), new Date("2026-11-26T12:00:00Z")];
    expect(ticksBetween(rule, from, to, 9)).toHaveLength(3);
    expect(ticksBetween(rule, from, to, 2)).toEqual([new Date("2026-11-26T11:00:00Z"), to]);
  });
});

describe("checkCron", () => {
  const wrong: [string, string, string][] = [
    ["0 6 * *", "UTC", "five fields"],
    ["", "UTC", "five fields"],
    ["60 * * * *", "UTC", "minute: 60"],
    ["0 0 30 2 *", "UTC", "never ticks"],
    ["@reboot", "UTC", "not a cron rule"],
    ["2026-01-01T00:00:00", "UTC", "five fields"],
    ["? * * * *", "UTC", "five fields"],
    ["0 6 * * *", "Brazil/Nowhere", "not a time zone"],
    ["0 6 * * *", "-03:00", "not a time zone"],
  ];
  for (const [cron, timeZone, message] of wrong)
    test(`refuses ${JSON.stringify(cron)} in ${timeZone}`, () => {
      expect(() => checkCron({ cron, timeZone })).toThrow(message);
    });

  test("takes names of days, @daily and the last day of a month", () => {
    for (const cron of ["0 6 * * MON-FRI", "@daily", "0 0 L * *"])
      expect(() => checkCron({ cron, timeZone: "America/Sao_Paulo" })).not.toThrow();
  });
});
