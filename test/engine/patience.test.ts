import { expect, test } from "bun:test";
import { Patience } from "../../src/engine/patience.ts";

function after(tookMs: number[]): number {
  const patience = new Patience(50, 250);
  for (const ms of tookMs) patience.took(ms);
  return patience.ms;
}

test("it is the least while statements are quick", () => {
  expect(after([])).toBe(50);
  expect(after([1, 2, 3, 2, 1])).toBe(50);
});

test("it comes to ten times what slow statements take, and not beyond the most", () => {
  expect(after(Array(30).fill(12))).toBeCloseTo(120, 0);
  expect(after(Array(30).fill(80))).toBeCloseTo(250, 0);
});

test("one statement that waited for a lock does not change it much, and quick ones bring it back", () => {
  expect(after([...Array(30).fill(6), 30_000])).toBeCloseTo(107.5, 0);
  expect(after([...Array(30).fill(80), ...Array(10).fill(1)])).toBe(50);
});
