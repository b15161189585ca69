import { describe, expect, test } from "bun:test";
import { outcomeOfError, PermanentError, RetryAfter, Snooze } from "../../src/task/outcome.ts";
import { settle } from "../../src/task/settle.ts";
import { longestDelayMs } from "../../src/task/time/backoff.ts";

const error = { message: "refused", stack: null };

describe("settle", () => {
  test("a success finishes the task with its result", () => {
    const transition = settle({ attempt: 1, maxAttempts: 25 }, { kind: "succeeded", result: { sent: 1 } });
    expect(transition).toEqual({ to: "finished", state: "succeeded", result: { sent: 1 }, error: null });
  });

  test("an error before the last attempt waits as django-background-tasks does", () => {
    const transition = settle({ attempt: 3, maxAttempts: 25 }, { kind: "errored", error });
    expect(transition).toEqual({ to: "pending", delayMs: 86_000, counted: true, error });
  });

  test("an error in the last attempt fails the task", () => {
    const transition = settle({ attempt: 25, maxAttempts: 25 }, { kind: "errored", error });
    expect(transition).toEqual({ to: "finished", state: "failed", result: null, error });
  });

  test("a handler's own delay replaces the back-off", () => {
    const transition = settle(
      { attempt: 1, maxAttempts: 2 },
      { kind: "errored", error, retryAfterMs: 1500.4 },
    );
    expect(transition).toMatchObject({ to: "pending", delayMs: 1500 });
  });

  test.each([
    ["an endless wish", Number.POSITIVE_INFINITY, longestDelayMs],
    ["a wish that is no number", Number.NaN, 0],
    ["a wish for the past", -1_000, 0],
  ])("%s becomes a delay that the database takes", (_, wish, delayMs) => {
    const task = { attempt: 1, maxAttempts: 2 };
    expect(settle(task, { kind: "errored", error, retryAfterMs: wish })).toMatchObject({ delayMs });
    expect(settle(task, { kind: "snoozed", delayMs: wish })).toMatchObject({ delayMs });
  });

  test("a task's own back-off is used, with the jitter where chance puts it", () => {
    const task = { attempt: 3, maxAttempts: 25, backoff: "exponential:1s..1h~50%" };
    const delays = [0, 0.5, 1].map((random) => settle(task, { kind: "errored", error }, random));
    expect(delays).toMatchObject([{ delayMs: 2_000 }, { delayMs: 4_000 }, { delayMs: 6_000 }]);
  });

  test("a stored back-off that can't be read gives way to the default", () => {
    const task = { attempt: 1, maxAttempts: 2, backoff: "fibonacci" };
    expect(settle(task, { kind: "errored", error })).toMatchObject({ delayMs: 6_000 });
  });

  test("a snoozed task waits, keeps no error and gets its attempt back, even the last one", () => {
    const transition = settle({ attempt: 2, maxAttempts: 2 }, { kind: "snoozed", delayMs: 90_000 });
    expect(transition).toEqual({ to: "pending", delayMs: 90_000, counted: false, error: null });
  });

  test("a permanent error fails the task at its first attempt", () => {
    expect(settle({ attempt: 1, maxAttempts: 25 }, { kind: "failed", error })).toMatchObject({
      state: "failed",
    });
  });

  test("a task given back is due at once and its attempt is not counted", () => {
    const transition = settle({ attempt: 1, maxAttempts: 1 }, { kind: "given-back" });
    expect(transition).toEqual({ to: "pending", delayMs: 0, counted: false, error: null });
  });

  test("a cancelled task is finished without an error", () => {
    expect(settle({ attempt: 2, maxAttempts: 25 }, { kind: "cancelled" })).toMatchObject({
      to: "finished",
      state: "cancelled",
      error: null,
    });
  });
});

describe("outcomeOfError", () => {
  test("tells a permanent error, a wish to retry later, a snooze and any other error apart", () => {
    expect(outcomeOfError(new PermanentError("bad record")).kind).toBe("failed");
    expect(outcomeOfError(new RetryAfter(2_000, "slow down"))).toMatchObject({
      kind: "errored",
      retryAfterMs: 2_000,
    });
    expect(outcomeOfError(new Snooze(5_000))).toEqual({ kind: "snoozed", delayMs: 5_000 });
    expect(outcomeOfError(new Error("reset"))).toMatchObject({
      kind: "errored",
      error: { message: "reset" },
    });
  });

  test("takes what was thrown though it is no error", () => {
    expect(outcomeOfError("just text")).toEqual({
      kind: "errored",
      error: { message: "just text", stack: null },
    });
  });

  test("bounds the message and takes out what Postgres can't store", () => {
    const outcome = outcomeOfError(new Error(`a\u0000b\ud800${"x".repeat(5_000)}`));
    if (outcome.kind !== "errored") throw new Error(`unexpected ${outcome.kind}`);
    expect(outcome.error.message).toStartWith("ab\ufffdxxx");
    expect(outcome.error.message).toEndWith("x… (cut, 5003 characters)");
    expect(outcome.error.message.length).toBeLessThan(2_050);
  });
});
