import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { z } from "zod";
import {
  checkNewTask,
  describeIssues,
  type NewTask,
  newTaskSchema,
} from "../../../src/task/doors/new-task.ts";
import { OperatorError } from "../../../src/task/errors.ts";

const refusal = (input: unknown): string => {
  try {
    checkNewTask(input);
  } catch (error) {
    if (error instanceof OperatorError) return `${error.kind}: ${error.message}`;
    throw error;
  }
  throw new Error("it was taken");
};

test("what callers may write is told member by member (else: new-task-input.ts is behind the schema)", () => {
  type Input = z.input<ReturnType<typeof newTaskSchema>>;
  type Same<A, B> = [A, B] extends [B, A] ? true : false;
  const members: Same<keyof Input, keyof NewTask> = true;
  const types: Same<Input, NewTask> = true;
  expect([members, types]).toEqual([true, true]);
});

describe("checkNewTask", () => {
  test("fills in the defaults", () => {
    expect(checkNewTask({ name: "fiscaut.sync-supplier" })).toEqual({
      name: "fiscaut.sync-supplier",
      payload: {},
      queue: "default",
      priority: 0,
      maxAttempts: 25,
    });
  });

  test("takes and refuses a plain task as the schema does", () => {
    const words = [
      "a",
      "A.b:c-9_",
      "",
      "-a",
      "a b",
      "é",
      "x".repeat(100),
      "x".repeat(101),
      1,
      null,
      undefined,
    ];
    const payloads = [
      {},
      { a: [1, "b"] },
      [],
      "text",
      0,
      null,
      undefined,
      Number.NaN,
      new Date(0),
      { a: undefined },
    ];
    const task = fc.record(
      {
        name: fc.constantFrom<unknown>(...words),
        queue: fc.constantFrom<unknown>(...words),
        payload: fc.constantFrom<unknown>(...payloads),
        priority: fc.constantFrom<unknown>(1, undefined),
        unknown: fc.constant(undefined),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(task, fc.constantFrom<unknown>(null, [], "a", 1)), (input) => {
        const parsed = newTaskSchema().safeParse(input);
        if (parsed.success) expect(checkNewTask(input)).toEqual(parsed.data);
        else expect(refusal(input)).toBe(`usage: ${describeIssues(parsed.error)}`);
      }),
      { numRuns: 2_000 },
    );
  });

  test("names every fault at once", () => {
    const message = refusal({ name: "no blanks", priority: 1.5, maxAttempts: 0, serialKey: "a b" });
    expect(message).toStartWith("usage: ");
    for (const field of ["name", "priority", "maxAttempts", "serialKey"]) expect(message).toContain(field);
  });

  test("refuses a field that it does not know", () => {
    expect(refusal({ name: "a", prioritty: 1 })).toContain("prioritty");
  });

  test("refuses a delay together with an instant", () => {
    expect(refusal({ name: "a", delayMs: 1, runAt: "2026-12-01T00:00:00Z" })).toContain("exclude each other");
  });

  test("takes an instant with its time zone only, in years that Postgres and people know", () => {
    expect(checkNewTask({ name: "a", runAt: "2026-12-01T08:00:00-03:00" }).runAt).toEqual(
      new Date("2026-12-01T11:00:00Z"),
    );
    for (const runAt of [
      null,
      true,
      5,
      "2026-12-01 10:00",
      "2026-12-01T10:00:00",
      new Date(-1),
      new Date(8e15),
    ])
      expect(refusal({ name: "a", runAt })).toContain("runAt");
  });

  test("refuses a delay beyond ten years, a title with a NUL, and nesting without end", () => {
    expect(refusal({ name: "a", delayMs: 4e11 })).toContain("delayMs");
    expect(refusal({ name: "a", title: "a\u0000" })).toContain("title");
    let payload: unknown = 1;
    for (let level = 0; level < 20_000; level++) payload = [payload];
    expect(refusal({ name: "a", payload })).toContain("nested");
  });

  test("refuses a payload over 1 MiB", () => {
    expect(refusal({ name: "a", payload: "x".repeat(1024 * 1024) })).toContain("larger than");
  });

  test("refuses a NUL and half a character, but takes their escapes as text", () => {
    expect(refusal({ name: "a", payload: { text: "a\u0000b" } })).toContain("NUL");
    expect(refusal({ name: "a", payload: "\ud83d" })).toContain("half a character");
    expect(checkNewTask({ name: "a", payload: "\\u0000 and 😀" }).payload).toBe("\\u0000 and 😀");
  });
});

test("a payload is kept as it is, a member named __proto__ included, and refused where it is no JSON", () => {
  const odd = JSON.parse('{"__proto__": {"a": [1]}, "b": {"__proto__": null}}');
  expect(JSON.stringify(checkNewTask({ name: "a", payload: odd }).payload)).toBe(
    '{"__proto__":{"a":[1]},"b":{"__proto__":null}}',
  );
  for (const bad of [Number.NaN, () => 1, new Date(), new Map(), { a: undefined }, [1n], Symbol("s")])
    expect(() => checkNewTask({ name: "a", payload: bad })).toThrow("payload: holds what JSON has not");
});
