import { describe, expect, test } from "bun:test";
import {
  chooseBackoff,
  defaultBackoff,
  delayOf,
  formatBackoff,
  longestDelayMs,
  parseBackoff,
} from "../../../src/task/time/backoff.ts";

const delays = (text: string, attempts: number[], random = 0.5) =>
  attempts.map((attempt) => delayOf(parseBackoff(text), attempt, random));

describe("a back-off's text", () => {
  test.each([
    "django",
    "django~10%",
    "exponential:1s..1h",
    "exponential:250ms..1d~20%",
    "fixed:30s",
    "fixed:1h30m~100%",
    "fixed:0s",
  ])("%s is read and written back as it is", (text) => {
    expect(formatBackoff(parseBackoff(text))).toBe(text);
  });

  test("is written in its shortest form", () => {
    expect(formatBackoff(parseBackoff("exponential:1000ms..60m~0%"))).toBe("exponential:1s..1h");
  });

  test.each([
    ["", "is not one such as"],
    ["linear:1s", "is not one such as django, django~10%, exponential:1s..1h or fixed:30s"],
    ["django~101%", "is not one such as"],
    ["django~5", "is not one such as"],
    ["fixed:30", "has no unit"],
    ["fixed:4000d", "longer than 3650d"],
    ["exponential:1s..soon", "soon"],
    ["exponential:1h..1s", "ends below its start"],
    ["exponential:0..1h", "starts at 0"],
  ])("%p is refused, saying why", (text, why) => {
    expect(() => parseBackoff(text)).toThrow(why);
  });
});

describe("delayOf", () => {
  test("django is attempts to the fourth plus five seconds", () => {
    expect(delays("django", [1, 2, 3, 24])).toEqual([6_000, 21_000, 86_000, 331_781_000]);
  });

  test("exponential doubles from the first to the most", () => {
    expect(delays("exponential:1s..10s", [1, 2, 3, 4, 5, 1000])).toEqual([
      1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
  });

  test("fixed is the same each time", () => {
    expect(delays("fixed:30s", [1, 2, 9])).toEqual([30_000, 30_000, 30_000]);
  });

  test("jitter takes or adds up to its percentage", () => {
    expect([0, 0.25, 0.5, 1].map((random) => delays("fixed:10s~20%", [1], random)[0])).toEqual([
      8_000, 9_000, 10_000, 12_000,
    ]);
  });

  test("is never longer than ten years, however many attempts there were", () => {
    expect(delays("django~100%", [1000], 1)).toEqual([longestDelayMs]);
  });
});

test("a task without a back-off, or with one that can't be read, has the default", () => {
  for (const text of [null, undefined, "fibonacci"]) expect(chooseBackoff(text)).toBe(defaultBackoff);
  expect(chooseBackoff("fixed:1s")).toEqual(parseBackoff("fixed:1s"));
});
