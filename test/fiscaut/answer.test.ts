/** Retry-After, which needs a clock, and bodies of odd shapes. */
import { describe, expect, test } from "bun:test";
import { readAnswer, type WireAnswer } from "../../src/fiscaut/answer.ts";

const nowMs = Date.UTC(2026, 6, 1, 12, 0, 0);

function read(change: Partial<WireAnswer> & { retryAfter?: string; date?: string }) {
  const headers = new Headers();
  if (change.retryAfter !== undefined) headers.set("Retry-After", change.retryAfter);
  if (change.date !== undefined) headers.set("Date", change.date);
  const wire = { status: 429, body: "{}", call: "POST https://fiscaut.example", company: undefined };
  return readAnswer({ ...wire, ...change, headers }, nowMs);
}

describe("Retry-After", () => {
  test.each([
    ["5", 5000],
    [" 120 ", 120_000],
    ["0", 1000],
    ["86400", 3_600_000],
    ["99999999999999999999", 3_600_000],
    ["Wed, 01 Jul 2026 12:00:30 GMT", 30_000],
    ["Wed, 01 Jul 2026 11:00:00 GMT", 1000],
    ["Fri, 01 Jan 2100 00:00:00 GMT", 3_600_000],
    ["soon", undefined],
    ["-5", undefined],
    ["1.5", undefined],
    ["", undefined],
  ])("%p is %p ms, within a second and an hour", (retryAfter, retryAfterMs) => {
    expect(read({ retryAfter })).toMatchObject({ kind: "slow-down", retryAfterMs });
  });

  test("a date is measured by the server's clock where it tells it", () => {
    const answer = read({
      retryAfter: "Wed, 01 Jul 2026 15:00:30 GMT",
      date: "Wed, 01 Jul 2026 15:00:00 GMT",
    });
    expect(answer).toMatchObject({ retryAfterMs: 30_000 });
  });
});

describe("bodies of odd shapes", () => {
  test.each([
    '"status"',
    "null",
    "[]",
    "true",
    '{"status": 1}',
    '{"status": "true"}',
    '{"message": "ok"}',
    "",
  ])("201 with %p did not succeed", (body) => {
    expect(read({ status: 201, body })).toMatchObject({ kind: "unavailable", status: 201 });
  });

  test("a message or errors of another type cost no verdict", () => {
    expect(read({ status: 422, body: '{"message": 5, "errors": {"cnpj": "bad"}}' })).toEqual({
      kind: "rejected",
      status: 422,
      message: "422",
      doubtsApi: false,
      fields: {},
    });
    expect(read({ status: 201, body: '{"status": true, "message": null}' })).toMatchObject({
      kind: "accepted",
    });
  });
});
