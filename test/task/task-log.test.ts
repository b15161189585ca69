/** What a line keeps of what a handler gave it: bounded, fit for Postgres, and never an error. */
import { describe, expect, test } from "bun:test";
import { storableJson, storableText } from "../../src/task/storable.ts";
import { keepLine, keepProgress, maxFieldsBytes, maxMessageLength } from "../../src/task/task-log.ts";

const asItIs = (value: unknown) => value;

describe("a log line", () => {
  test("keeps message and fields as they are, and no fields where there are none", () => {
    expect(keepLine("sent", { supplier: 7, tags: ["a"] }, asItIs)).toEqual({
      message: "sent",
      fields: { supplier: 7, tags: ["a"] },
    });
    expect(keepLine("sent", {}, asItIs)).toEqual({ message: "sent" });
  });

  test("is cut where it is too long, and says so", () => {
    const { message, fields } = keepLine("m".repeat(3_000), { body: "b".repeat(5_000) }, asItIs);
    expect(message).toBe(`${"m".repeat(maxMessageLength)}… (cut, 3000 characters)`);
    expect(fields).toEqual({ cut: expect.stringMatching(/^\{"body":"b+… \(cut, 5011 characters\)$/) });
    expect(JSON.stringify(fields).length).toBeLessThan(maxFieldsBytes + 50);
  });

  test("loses what Postgres can't keep: NULs and halves of characters, in keys too", () => {
    expect(keepLine("a\u0000b\ud800", { "k\u0000": "\udc00", deep: [{ x: "\u0000" }] }, asItIs)).toEqual({
      message: "ab\ufffd",
      fields: { k: "\ufffd", deep: [{ x: "" }] },
    });
  });

  test("takes what is neither text nor JSON", () => {
    const circular: Record<string, unknown> = { big: "x".repeat(10) };
    circular["self"] = circular;
    expect(keepLine(undefined, circular, asItIs)).toEqual({
      message: "undefined",
      fields: { dropped: expect.stringContaining("is not JSON") },
    });
    expect(keepLine(new Error("boom"), null, asItIs)).toEqual({ message: "Error: boom" });
  });

  test("has no secret that the composition root blanks out", () => {
    const blank = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll("hunter2", "***"));
    expect(keepLine("key hunter2", { key: "hunter2" }, blank)).toEqual({
      message: "key ***",
      fields: { key: "***" },
    });
    expect(keepProgress(0.5, "with hunter2", blank)).toEqual({ fraction: 0.5, message: "with ***" });
  });
});

test.each([
  [-1, 0],
  [0.25, 0.25],
  [7, 1],
  [Number.NaN, 0],
  [Number.POSITIVE_INFINITY, 1],
])("a progress of %p is kept as %p", (told, fraction) => {
  expect(keepProgress(told, undefined, asItIs)).toEqual({ fraction, message: null });
});

describe("what is to be stored as JSON", () => {
  test("is told apart from a text that only looks like an escape", () => {
    const value = { text: "\\u0000 and \\ud800" };
    expect(storableJson(value, 1_000)).toEqual({ value });
  });

  test.each([
    ["too large", "x".repeat(2_000), "is larger than 1000 bytes"],
    ["no JSON", 1n, "is not JSON: "],
    [
      "nested too deeply",
      JSON.parse(`${"[".repeat(300)}${"]".repeat(300)}`),
      "is nested more than 200 levels deep",
    ],
  ])("and is %s is refused with words", (_, value, words) => {
    expect(storableJson(value, 1_000)).toEqual({ fault: expect.stringContaining(words) });
  });

  test("is null where there is nothing", () => {
    expect(storableJson(undefined, 1_000)).toEqual({ value: null });
  });
});

test("a text is not cut between the halves of a character", () => {
  expect(storableText("a😀b", 2)).toBe("a\ufffd… (cut, 4 characters)");
});
