import { describe, expect, test } from "bun:test";
import { outcomeOfError, PermanentError, RetryAfter } from "../../src/task/outcome.ts";
import { backoffMs } from "../../src/task/retry.ts";
import { settle } from "../../src/task/settle.ts";

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

describe("backoffMs", () => {
  test("is attempts to the fourth plus five seconds", () => {
    expect([1, 2, 3, 24].map(backoffMs)).toEqual([6_000, 21_000, 86_000, 331_781_000]);
  });
});

describe("outcomeOfError", () => {
  test("tells a permanent error, a wish to retry later and any other apart", () => {
    expect(outcomeOfError(new PermanentError("bad record")).kind).toBe("failed");
    expect(outcomeOfError(new RetryAfter(2_000, "slow down"))).toMatchObject({
      kind: "errored",
      retryAfterMs: 2_000,
    });
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
    expect(outcome.error.message.length).toBe(2_001);
  });
});
