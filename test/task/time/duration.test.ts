import { expect, test } from "bun:test";
import { OperatorError } from "../../../src/task/errors.ts";
import { formatDuration, parseDurationMs } from "../../../src/task/time/duration.ts";

test.each([
  ["90s", 90_000],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["250ms", 250],
  ["2d", 172_800_000],
  ["1d2h3m4s5ms", 93_784_005],
  ["1m1ms", 60_001],
  ["0", 0],
  ["0s", 0],
])("%s is %d ms", (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each([
  "",
  " ",
  "s",
  "5 m",
  "5M",
  "1.5h",
  "-5s",
  "+5s",
  "30m1h",
  "5s5s",
  "5min",
  "1e3s",
  "5s ",
  "ms",
  "½h",
])("%p is no duration", (text) => {
  expect(() => parseDurationMs(text)).toThrow("is not a duration such as 90s, 5m, 1h30m or 250ms");
});

test("a number without a unit is refused with the ways to write it", () => {
  expect(() => parseDurationMs("90")).toThrow(
    new OperatorError("usage", '"90" has no unit: write 90s, 90m or 90ms'),
  );
});

test("a duration that no number holds exactly is refused", () => {
  expect(() => parseDurationMs("999999999999d")).toThrow("is too long a duration");
});

test.each([
  [0, "0s"],
  [250, "250ms"],
  [60_001, "1m1ms"],
  [5_400_000, "1h30m"],
  [172_800_000, "2d"],
  [1.4, "1ms"],
  [-5, "0s"],
])("%d ms is written %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("what is written is read back as the same", () => {
  for (let ms = 0; ms < 200_000_000; ms = ms * 3 + 7) expect(parseDurationMs(formatDuration(ms))).toBe(ms);
});
