/** Random tasks as callers may ask for them, with values at and around the bounds of the rules. */
import fc from "fast-check";
import type { NewTask } from "../../src/task/doors/new-task.ts";

/** Any text that the wire can carry. */
const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((word) => !word.includes("\u0000"));
const word = fc.oneof(
  { arbitrary: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,8}$/), weight: 6 },
  text,
);
const duration = fc.oneof(
  fc.stringMatching(/^([1-9][0-9]{0,2}d)?([1-9]h)?([0-9]{1,3}m)?([0-9]{1,3}s)?([0-9]{1,4}ms)?$/),
  fc.constantFrom("0", "1", "00", "1s1s", "1m1ms"),
);
const backoff = fc
  .tuple(
    fc.oneof(
      fc.constantFrom("django", "Django", ""),
      duration.map((delay) => `fixed:${delay}`),
      fc.tuple(duration, duration).map(([first, most]) => `exponential:${first}..${most}`),
    ),
    fc.oneof(
      fc.constant(""),
      fc.nat(120).map((percent) => `~${percent}%`),
    ),
  )
  .map((parts) => parts.join(""));
const around = (least: number, most: number) =>
  fc.oneof(fc.integer({ min: least, max: most }), fc.constantFrom(least - 1, least, most, most + 1));
const instant = fc.date({
  min: new Date("1969-12-31T23:00:00Z"),
  max: new Date("+010000-01-01T01:00:00Z"),
  noInvalidDate: true,
});
/** Good ones and bad ones, without payload and `after`. */
export const anyTask: fc.Arbitrary<NewTask> = fc
  .record(
    {
      name: word,
      queue: word,
      priority: around(-32_768, 32_767),
      delayMs: around(0, 315_360_000_000),
      runAt: instant,
      maxAttempts: around(1, 1000),
      timeoutMs: around(1, 2_147_483_647),
      serialKey: word,
      backoff,
      repeatMs: around(1_000, 315_360_000_000),
      repeatUntil: instant,
      repeatAfterFailure: fc.boolean(),
      title: text,
      key: fc.oneof(text, fc.constant("payload:1")),
      onConflict: fc.constantFrom("skip", "replace", "reschedule"),
    },
    { requiredKeys: ["name"] },
  )
  .filter(
    // SQL can't tell a default from an argument left out: there these say nothing, where TypeScript misses their other half.
    ({ key, onConflict, repeatMs, repeatAfterFailure }) =>
      (onConflict !== "skip" || key !== undefined) &&
      (repeatAfterFailure !== false || repeatMs !== undefined),
  );
