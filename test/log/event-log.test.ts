import { expect, test } from "bun:test";
import { EventLog } from "../../src/log/event-log.ts";
import type { LogLevel } from "../../src/log/log-entry.ts";
import type { LogMethod } from "../../src/log/logger.ts";
import { until } from "../until.ts";

function open(level: LogLevel) {
  const lines: { message: string; fields: Record<string, unknown> }[] = [];
  const method: LogMethod = (message, fields = {}) => lines.push({ message, fields });
  const log = new EventLog({ level, debug: method, info: method, warn: method, error: method });
  const count = (message: string) => lines.filter((line) => line.message === message).length;
  return { log, lines, count };
}

const succeed = (log: EventLog, name: string, times: number) => {
  for (let id = 1; id <= times; id++)
    log.take({ kind: "succeeded", task: { id, name, queue: "default", attempt: 1 }, durationMs: 1 });
};

test("of many successes at once the first hundred have a line each, the others one a name", async () => {
  const { log, lines, count } = open("info");
  succeed(log, "a", 150);
  succeed(log, "b", 20);
  expect(count("task succeeded")).toBe(100);
  await until(() => count("more tasks succeeded") === 2);
  expect(lines.slice(100)).toEqual([
    { message: "more tasks succeeded", fields: { name: "a", count: 50 } },
    { message: "more tasks succeeded", fields: { name: "b", count: 20 } },
  ]);
  succeed(log, "a", 1);
  expect(count("task succeeded")).toBe(101);
});

test("what was only counted is told before the worker's last line", () => {
  const { log, lines } = open("info");
  succeed(log, "a", 101);
  log.take({ kind: "worker-stopped" });
  expect(lines.slice(-2).map(({ message }) => message)).toEqual(["more tasks succeeded", "worker stopped"]);
});

test("errors have a line each, and with level debug so has every success", () => {
  const info = open("info");
  const task = { id: 1, name: "a", queue: "default", attempt: 1 };
  for (let i = 0; i < 300; i++) info.log.take({ kind: "failed", task, durationMs: 1, message: "no" });
  expect(info.count("task failed: no")).toBe(300);
  const debug = open("debug");
  succeed(debug.log, "a", 300);
  expect(debug.count("task succeeded")).toBe(300);
});
