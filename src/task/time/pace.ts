/**
 * How fast something goes and how long the rest of it takes, as far as that can be told. Pure: what has finished, and how
 * long ago, is counted elsewhere. What a queue may start in a time is its rate, `rate.ts`.
 */

export interface Pace {
  /** Tasks that have ended within the last minute, however they ended. */
  finishedLastMinute: number;
  /** null: too few have ended within the last minute to tell. */
  perSecond: number | null;
  /** How long the rest takes at this pace; 0: nothing is left; null: that can't be told. */
  etaSeconds: number | null;
  /** Why tasks that are due do not start, such as `queue night is paused`; null: they do. */
  stalled: string | null;
}

/** What is known of many tasks at one moment. */
export interface Passage {
  /** Tasks that have not ended yet. */
  left: number;
  finishedLastMinute: number;
  /** How long ago the first of those ended; null where there is none. */
  sinceFirstMs: number | null;
  stalled: string | null;
}

/**
 * From the first end within the last minute until now, so that neither what came before nor a pause that is over counts,
 * and tasks that end no more slow it down until nothing can be told.
 */
export function paceOf({ left, finishedLastMinute, sinceFirstMs, stalled }: Passage): Pace {
  // Many end in one statement, at one instant: less than a second tells nothing.
  const perSecond =
    finishedLastMinute < 2 || sinceFirstMs === null
      ? null
      : (finishedLastMinute - 1) / (Math.max(sinceFirstMs, 1_000) / 1_000);
  return { finishedLastMinute, perSecond, etaSeconds: timeLeft(left, perSecond, stalled), stalled };
}

function timeLeft(left: number, perSecond: number | null, stalled: string | null): number | null {
  if (left === 0) return 0;
  return perSecond === null || stalled !== null ? null : Math.ceil(left / perSecond);
}

/**
 * How long the rest of an attempt takes that has done `fraction` of its work in `elapsedMs`; null at its very beginning.
 * One that tells no progress for long is given ever more time.
 */
export function attemptSecondsLeft(fraction: number, elapsedMs: number): number | null {
  return fraction <= 0 ? null : Math.ceil((elapsedMs / 1_000) * (1 / Math.min(fraction, 1) - 1));
}

/** Such as `about 40 s left`, `about 13 h 50 min left`: as exact as it is worth. */
export function describeTimeLeft(seconds: number): string {
  return `about ${describeSpan(seconds)} left`;
}

function describeSpan(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const tens = Math.round(minutes / 10) * 10;
  if (tens < 48 * 60) return join(Math.floor(tens / 60), "h", tens % 60, "min");
  const hours = Math.round(minutes / 60);
  return join(Math.floor(hours / 24), "days", hours % 24, "h");
}

const join = (large: number, largeUnit: string, small: number, smallUnit: string) =>
  `${large} ${largeUnit}${small === 0 ? "" : ` ${small} ${smallUnit}`}`;
