import { describe, expect, test } from "bun:test";
import { nextRunAt, type Repeat } from "../../../src/task/time/repeat.ts";

const hourly: Repeat = { everyMs: 3_600_000, until: null, afterFailure: false };
const at = (time: string) => new Date(`2026-03-01T${time}Z`);

describe("nextRunAt", () => {
  test("counts from the planned time, not from the end of the run", () => {
    expect(nextRunAt(hourly, at("06:00:00"), at("06:20:00"))).toEqual(at("07:00:00"));
  });
  test("is a period later also when the run ended before its planned time", () => {
    expect(nextRunAt(hourly, at("06:00:00"), at("05:00:00"))).toEqual(at("07:00:00"));
  });
  test("leaves out periods already past", () => {
    expect(nextRunAt(hourly, at("06:00:00"), at("09:20:00"))).toEqual(at("10:00:00"));
  });
  test("may be this very instant", () => {
    expect(nextRunAt(hourly, at("06:00:00"), at("09:00:00"))).toEqual(at("09:00:00"));
  });
  test("may be the end of the repeat, but not later", () => {
    const until = { ...hourly, until: at("07:00:00").toISOString() };
    expect(nextRunAt(until, at("06:00:00"), at("06:20:00"))).toEqual(at("07:00:00"));
    expect(nextRunAt(until, at("06:00:00"), at("07:00:01"))).toBeUndefined();
  });
});
