import { expect, test } from "bun:test";
import type { Machine } from "../../src/service/machine.ts";
import { supervisor } from "../../src/service/supervisor/supervisor.ts";
import { readTimeSpanMs, systemd } from "../../src/service/systemd/systemd.ts";

const machine = (given: Partial<Machine>) => given as Machine;

test("systemd's time spans are read, and anything else is not guessed at", () => {
  expect(readTimeSpanMs("1min 30s")).toBe(90_000);
  expect(readTimeSpanMs("2h 500ms")).toBe(7_200_500);
  expect(readTimeSpanMs("infinity")).toBe(Number.POSITIVE_INFINITY);
  expect(readTimeSpanMs("1month 2d")).toBeUndefined();
  expect(readTimeSpanMs("")).toBeUndefined();
});

test("the stop time-out of an installed unit is what systemctl says of it", async () => {
  const asked: string[] = [];
  const run = async (argv: readonly string[]) => {
    asked.push(argv.join(" "));
    return { exitCode: 0, stdout: "TimeoutStopUSec=1min\n", stderr: "" };
  };
  expect(await systemd.readStopTimeoutMs?.("fiscaut-tasks", machine({ run }))).toBe(60_000);
  expect(asked).toEqual(["systemctl show --property=TimeoutStopUSec fiscaut-tasks.service"]);
});

test("that of a program of Supervisor is what its file says", async () => {
  const read = (text: string | undefined) => machine({ exists: () => true, read: () => text });
  expect(await supervisor.readStopTimeoutMs?.("x", read("[program:x]\nstopwaitsecs=60\n"))).toBe(60_000);
  expect(await supervisor.readStopTimeoutMs?.("x", read(undefined))).toBeUndefined();
});
