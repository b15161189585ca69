import { describe, expect, test } from "bun:test";
import { formatRate, parseRate } from "../../../src/task/time/rate.ts";

describe("parseRate", () => {
  test("reads starts a time", () => {
    expect(parseRate("60/1m")).toEqual({ count: 60, periodMs: 60_000 });
    expect(parseRate("1/1s")).toEqual({ count: 1, periodMs: 1_000 });
    expect(parseRate("1000/1d")).toEqual({ count: 1_000, periodMs: 86_400_000 });
    expect(parseRate("3/250ms")).toEqual({ count: 3, periodMs: 250 });
  });

  for (const text of ["", "60", "60/m", "60/1", "-1/1s", "1.5/1s", "60/1m ", "1/1w"])
    test(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseRate(text)).toThrow("is not a rate");
    });

  for (const text of ["0/1s", "1001/1s", "1/0s", "1/2d"])
    test(`refuses ${text} as out of bounds`, () => {
      expect(() => parseRate(text)).toThrow("out of bounds");
    });
});

test("formatRate writes what parseRate reads back, in the largest unit that fits", () => {
  for (const text of ["60/1m", "1/1s", "5/90s", "3/250ms", "7/12h", "1000/1d"])
    expect(formatRate(parseRate(text))).toBe(text);
  expect(formatRate(parseRate("5/60s"))).toBe("5/1m");
});
