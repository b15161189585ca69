/**
 * Durations as people write them: `90s`, `5m`, `1h30m`. Which durations something allows is its own affair.
 */
import { OperatorError } from "../errors.ts";

const unitsMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

const shape = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/**
 * Milliseconds of `90s`, `1h30m`, `250ms`, `2d`: whole numbers, each unit at most once, larger units first.
 * A number without a unit is refused, since nobody remembers whether it was seconds; only `0` needs none.
 * @throws OperatorError "usage"
 */
export function parseDurationMs(text: string): number {
  const ms = readDuration(text);
  if (typeof ms === "number") return ms;
  throw new OperatorError("usage", `${JSON.stringify(text)} ${ms}`);
}

/** Like `parseDurationMs`, but gives what is wrong back as words that follow the value: "is not a duration ...". */
export function readDuration(text: string): number | string {
  if (/^0+$/.test(text)) return 0;
  if (/^\d+$/.test(text)) return `has no unit: write ${text}s, ${text}m or ${text}ms`;
  const found = shape.exec(text);
  if (found === null || text === "") return "is not a duration such as 90s, 5m, 1h30m or 250ms";
  const [, ...counts] = found;
  const ms = Object.values(unitsMs).reduce(
    (sum, unitMs, index) => sum + Number(counts[index] ?? 0) * unitMs,
    0,
  );
  return Number.isSafeInteger(ms) ? ms : "is too long a duration";
}

/** The shortest text that `parseDurationMs` reads back as the same, rounded to whole milliseconds: `1h30m`, `0s`. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  let text = "";
  for (const [unit, unitMs] of Object.entries(unitsMs)) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === "" ? "0s" : text;
}
