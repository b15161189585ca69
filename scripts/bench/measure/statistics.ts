/** Medians, percentiles and ratios of the rounds of a measure. */

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** By the nearest rank below and above, interpolated. NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export interface Spread {
  median: number;
  least: number;
  most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** Median of each round's own ratio: what slowed a whole round down cancels out. */
export function pairedRatio(values: readonly number[], against: readonly number[]): number {
  return median(
    values.slice(0, against.length).map((value, round) => value / (against[round] ?? Number.NaN)),
  );
}
