import { expect, test } from "bun:test";
import { turnPriority } from "../../../src/task/doors/priority-order.ts";

test("nice turns priorities round, and turning them again brings them back", () => {
  const task = { priority: -5, name: "a" };
  expect(turnPriority("nice", task)).toEqual({ priority: 5, name: "a" });
  expect(turnPriority("nice", turnPriority("nice", task))).toEqual(task);
  expect(turnPriority("higher", task)).toBe(task);
});

test("nice leaves 0 the 0 that it is", () => {
  expect(Object.is(turnPriority("nice", { priority: 0 }).priority, 0)).toBe(true);
});
