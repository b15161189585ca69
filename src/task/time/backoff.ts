/**
 * How long a task waits after an attempt that had an error, as people write it: `django`, `exponential:1s..1h`,
 * `fixed:30s`, each with a jitter such as `~10%`. Whether another attempt follows at all is `settle.ts`'s decision.
 */
import { OperatorError } from "../errors.ts";
import { formatDuration, readDuration } from "./duration.ts";

export type Backoff = {
  /** A percentage by which a delay may be shorter or longer, so that tasks which failed together part. */
  jitterPercent: number;
} & (
  | { kind: "django" }
  /** Doubles from `firstMs` on until it is `mostMs`. */
  | { kind: "exponential"; firstMs: number; mostMs: number }
  | { kind: "fixed"; delayMs: number }
);

/** django-background-tasks' own: the first retry comes after 6 s, the 24th after four days. */
export const defaultBackoff: Backoff = { kind: "django", jitterPercent: 0 };

/** No delay that the product chooses or is asked for is longer: ten years. */
export const longestDelayMs = 10 * 365 * 86_400_000;

const shape = /^(?:(django)|exponential:(\w+)\.\.(\w+)|fixed:(\w+))(?:~(\d{1,2}|100)%)?$/;
const examples = "django, django~10%, exponential:1s..1h or fixed:30s";

/** @throws OperatorError "usage" for what is no back-off. */
export function parseBackoff(text: string): Backoff {
  const backoff = readBackoff(text);
  if (typeof backoff === "object") return backoff;
  throw new OperatorError("usage", `the back-off ${JSON.stringify(text)} ${backoff}`);
}

/** Like `parseBackoff`, but gives what is wrong back as words that follow the text: "is not ...". */
export function readBackoff(text: string): Backoff | string {
  const found = shape.exec(text);
  if (found === null) return `is not one such as ${examples}`;
  const [, django, first, most, fixed, percent] = found;
  const jitterPercent = Number(percent ?? 0);
  if (django !== undefined) return { kind: "django", jitterPercent };
  if (fixed !== undefined) {
    const delayMs = readDelay(fixed);
    return typeof delayMs === "string" ? delayMs : { kind: "fixed", delayMs, jitterPercent };
  }
  const firstMs = readDelay(first ?? "");
  if (typeof firstMs === "string") return firstMs;
  const mostMs = readDelay(most ?? "");
  if (typeof mostMs === "string") return mostMs;
  if (firstMs === 0) return "starts at 0, which doubling leaves at 0";
  if (mostMs < firstMs) return "ends below its start";
  return { kind: "exponential", firstMs, mostMs, jitterPercent };
}

function readDelay(text: string): number | string {
  const ms = readDuration(text);
  if (typeof ms === "string") return `has a delay, ${text}, that ${ms}`;
  return ms <= longestDelayMs ? ms : `has a delay, ${text}, longer than ${formatDuration(longestDelayMs)}`;
}

/** The shortest text that `parseBackoff` reads back as the same. */
export function formatBackoff(backoff: Backoff): string {
  const jitter = backoff.jitterPercent === 0 ? "" : `~${backoff.jitterPercent}%`;
  switch (backoff.kind) {
    case "django":
      return `django${jitter}`;
    case "exponential":
      return `exponential:${formatDuration(backoff.firstMs)}..${formatDuration(backoff.mostMs)}${jitter}`;
    case "fixed":
      return `fixed:${formatDuration(backoff.delayMs)}${jitter}`;
  }
}

/**
 * That of a stored task, or the default where it has none. Also for a text that is none: it may be of another version
 * or somebody's own SQL, and must not keep an outcome from being stored.
 */
export function chooseBackoff(text: string | null | undefined): Backoff {
  const backoff = text === null || text === undefined ? undefined : readBackoff(text);
  return typeof backoff === "object" ? backoff : defaultBackoff;
}

/**
 * Milliseconds, whole, from 0 to `longestDelayMs`.
 * @param attempt the one that had the error, from 1.
 * @param random from 0 up to 1, uniformly: it places the delay within the jitter.
 */
export function delayOf(backoff: Backoff, attempt: number, random: number): number {
  const factor = 1 + (backoff.jitterPercent / 100) * (2 * random - 1);
  return Math.min(Math.round(plainDelayOf(backoff, attempt) * factor), longestDelayMs);
}

function plainDelayOf(backoff: Backoff, attempt: number): number {
  switch (backoff.kind) {
    case "django":
      return (attempt ** 4 + 5) * 1000;
    case "exponential":
      return Math.min(backoff.firstMs * 2 ** (attempt - 1), backoff.mostMs);
    case "fixed":
      return backoff.delayMs;
  }
}
