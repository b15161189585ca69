import { expect, test } from "bun:test";
import { Pace } from "../../src/engine/pace.ts";

const horizonMs = 200;

/** Tasks that run one after another in `slots` slots, `durationMs` each, from `startMs`. @returns when the last ended. */
function run(
  pace: Pace,
  { count, durationMs, startMs = 0 }: { count: number; durationMs: number; startMs?: number },
) {
  for (let i = 0; i < count; i++) {
    pace.started(startMs + i * durationMs);
    pace.ended(startMs + (i + 1) * durationMs);
  }
  return startMs + count * durationMs;
}

test("nothing is claimed ahead before enough tasks have ended", () => {
  const pace = new Pace();
  expect(pace.ahead(1, horizonMs, run(pace, { count: 31, durationMs: 0.1 }))).toBe(0);
});

test("as many are claimed ahead as end within the horizon, whatever time went by with nothing to do", () => {
  const pace = new Pace();
  const endedAtMs = run(pace, { count: 100, durationMs: 0.5 });
  expect(pace.ahead(1, horizonMs, endedAtMs)).toBe(400);
  expect(pace.ahead(1, 2 * horizonMs, endedAtMs)).toBe(800);
  expect(pace.ahead(1, horizonMs, endedAtMs + 60_000)).toBe(400);
});

test("long tasks are not claimed ahead, nor more than two thousand quick ones", () => {
  const long = new Pace();
  expect(long.ahead(1, horizonMs, run(long, { count: 100, durationMs: 51 }))).toBe(0);
  const quick = new Pace();
  expect(quick.ahead(1, horizonMs, run(quick, { count: 100, durationMs: 0.001 }))).toBe(2_000);
});

test("less and less is claimed ahead while long tasks hold the slots", () => {
  const pace = new Pace();
  const endedAtMs = run(pace, { count: 100, durationMs: 0.5 });
  pace.started(endedAtMs);
  expect(pace.ahead(1, horizonMs, endedAtMs + 49.5)).toBe(200);
  expect(pace.ahead(1, horizonMs, endedAtMs + 10_000)).toBe(0);
});
