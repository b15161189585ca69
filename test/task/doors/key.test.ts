import { describe, expect, test } from "bun:test";
import { payloadKey } from "../../../src/task/doors/key.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";

describe("payloadKey", () => {
  test("is the same whatever the order of members, at every depth", () => {
    expect(payloadKey("a", { x: 1, y: [{ b: null, a: "ç" }] })).toBe(
      payloadKey("a", { y: [{ a: "ç", b: null }], x: 1 }),
    );
  });

  const base = payloadKey("a", { x: 1 });
  const different: [string, unknown][] = [
    ["b", { x: 1 }],
    ["a", { x: "1" }],
    ["a", { x: 1, y: null }],
    ["a", { y: 1 }],
    ["a", [["x", 1]]],
    ["a", '{"x":1}'],
  ];
  for (const [name, payload] of different)
    test(`is another one for ${name} ${JSON.stringify(payload)}`, () => {
      expect(payloadKey(name, payload)).not.toBe(base);
    });

  test("tells arrays apart by their order", () => {
    expect(payloadKey("a", [1, 2])).not.toBe(payloadKey("a", [2, 1]));
  });

  test("stays what it is: stored keys must be found by later versions", () => {
    const digest = new Bun.CryptoHasher("sha256")
      .update('a\n{"n":{"a":[1,"é"],"b":2},"z":null}')
      .digest("hex");
    expect(payloadKey("a", { z: null, n: { b: 2, a: [1, "é"] } })).toBe(`payload:${digest}`);
  });
});

describe("checkNewTask", () => {
  test("makes the key of a task that asks for one by its payload", () => {
    expect(checkNewTask({ name: "a", payload: { x: 1 }, keyOf: "payload" }).key).toBe(
      payloadKey("a", { x: 1 }),
    );
    expect(checkNewTask({ name: "a" }).key).toBeUndefined();
  });

  const refused: [string, object, RegExp][] = [
    ["both kinds of key", { key: "k", keyOf: "payload" }, /exclude each other/],
    ["a rule for a conflict that can't be", { onConflict: "skip" }, /onConflict needs a key/],
    ["an unknown rule", { key: "k", onConflict: "ignore" }, /onConflict: /],
    ["a key that could be a payload's", { key: `payload:${"0".repeat(64)}` }, /key: may not begin with/],
    ["an empty key", { key: "" }, /key: /],
    ["a key that Postgres can't store", { key: "a\u0000" }, /key: .*NUL/],
    ["a very long key", { key: "k".repeat(201) }, /key: /],
  ];
  for (const [what, fields, message] of refused)
    test(`refuses ${what}`, () => {
      expect(() => checkNewTask({ name: "a", ...fields })).toThrow(message);
    });
});
