import { expect, test } from "bun:test";
import { nearest } from "../../src/config/nearest.ts";

const known = ["poll-interval", "port", "host", "queue", "database-url"];

test.each([
  ["prot", undefined],
  ["por", "port"],
  ["poll_interval", "poll-interval"],
  ["pollInterval", "poll-interval"],
  ["poll-intervall", "poll-interval"],
  ["DATABASE_URL", "database-url"],
  ["queues", "queue"],
  ["colour", undefined],
  ["", undefined],
])("%p is nearest to %p", (word, expected) => {
  expect(nearest(word, known)).toBe(expected);
});

test("of several the nearest is taken", () => {
  expect(nearest("lists", ["last", "list", "lost"])).toBe("list");
});
