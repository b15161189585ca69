/**
 * How often tasks of a queue may start, as people write it: `60/1m`. Holding queues to it is `store/claim/claim-limited.ts`'s
 * work.
 */
import { OperatorError } from "../errors.ts";

/** At the most `count` starts in any window of `periodMs`. */
export interface Rate {
  count: number;
  periodMs: number;
}

/** Every start of a period is remembered, hence a bound. `600/1m` and `10/1s` are about the same. */
export const maxRateCount = 1000;
export const maxRatePeriodMs = 86_400_000;

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const shape = /^(\d{1,9})\/(\d{1,9})(ms|s|m|h|d)$/;

/**
 * Reads `60/1m`, `1/500ms`.
 * @throws OperatorError "usage"
 */
export function parseRate(text: string): Rate {
  const [, count, length, unit] = shape.exec(text) ?? [];
  const rate = {
    count: Number(count),
    periodMs: Number(length) * (unitsMs[unit as keyof typeof unitsMs] ?? Number.NaN),
  };
  if (Number.isNaN(rate.count + rate.periodMs))
    throw new OperatorError("usage", `"${text}" is not a rate`, {
      hint: "60/1m for sixty a minute, 1/1s for one a second",
    });
  if (rate.count < 1 || rate.count > maxRateCount || rate.periodMs < 1 || rate.periodMs > maxRatePeriodMs)
    throw new OperatorError(
      "usage",
      `the rate "${text}" is out of bounds: 1 to ${maxRateCount} starts in 1ms to 1d`,
      { hint: "a shorter period with fewer starts: 100/1s in place of 6000/1m" },
    );
  return rate;
}

/** The text that `parseRate` reads back as the same, with the largest unit that divides the period. */
export function formatRate({ count, periodMs }: Rate): string {
  const units = Object.entries(unitsMs).toReversed();
  const [unit, unitMs] = units.find(([, ms]) => periodMs % ms === 0) ?? ["ms", 1];
  return `${count}/${periodMs / unitMs}${unit}`;
}
