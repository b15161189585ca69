/** What systemd would hear, on a real socket of its kind. What a real systemd makes of it is tried in scripts/service. */
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { notifyAddress } from "../../../src/service/notify/notify-address.ts";
import { openNotifySocket } from "../../../src/service/notify/notify-socket.ts";
import { tellSystemd, type WorkerLook, watchdogMsOf } from "../../../src/service/notify/tell-systemd.ts";
import { until } from "../../until.ts";
import { listenForNotify } from "./notify-receiver.ts";

const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-notify-"));
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const idle: WorkerLook = {
  isUp: false,
  stopping: false,
  status: "starting",
  late: { part: "claimer", ms: 0 },
};

function start(socket: string, { watchdogMs = 40, stopMs = 60_000 } = {}) {
  const manager = listenForNotify(socket);
  const notify = openNotifySocket(socket);
  if (notify === undefined) throw new Error("no socket");
  const heard: string[] = [];
  const stuck: string[] = [];
  let look = idle;
  const telling = tellSystemd({
    notify,
    look: () => look,
    watchdogMs,
    stopMs,
    onStuck: (part) => stuck.push(part),
    stuckMs: 1_000,
    lookMs: 5,
  });
  ends.push(telling.stop, manager.close);
  const hear = () => heard.push(...manager.received().flat());
  return {
    stuck,
    set: (change: Partial<WorkerLook>) => {
      look = { ...look, ...change };
    },
    /** All lines so far, once this one is among them. */
    hears: (line: string) =>
      until(() => {
        hear();
        return heard.includes(line) && heard;
      }),
    /** What comes from now on. */
    forget() {
      hear();
      heard.length = 0;
    },
  };
}

test.each(["path", "abstract"])(
  "ready once it has claimed, and its status when that changes: %s",
  async (kind) => {
    const socket = kind === "path" ? join(folder, "é notify") : `@fiscaut-tasks-test-${process.pid}`;
    const { set, hears } = start(socket);
    expect(await hears("WATCHDOG=1")).not.toContain("READY=1");
    set({ isUp: true, status: "1 of 3 slots in use" });
    const heard = await hears("READY=1");
    expect(heard.filter((line) => line.startsWith("STATUS="))).toEqual([
      "STATUS=starting",
      "STATUS=1 of 3 slots in use",
    ]);
  },
);

test("no sign of life while a loop does not turn, and one again when it does", async () => {
  const { set, hears, forget, stuck } = start(join(folder, "stuck"));
  set({ isUp: true });
  await hears("READY=1");
  set({ late: { part: "claimer", ms: 1_001 } });
  await until(() => stuck.length > 0);
  forget();
  for (let change = 0; change < 20; change++) {
    set({ status: `look ${change}` });
    const heard = await hears(`STATUS=look ${change}`);
    expect(heard).not.toContain("WATCHDOG=1");
  }
  expect(stuck).toEqual(["claimer"]);
  set({ late: { part: "claimer", ms: 0 } });
  await hears("WATCHDOG=1");
});

test("a stop asks for more time, until it has taken as long as it may", async () => {
  const { set, hears, forget } = start(join(folder, "stop"), { stopMs: 100 });
  set({ isUp: true });
  await hears("READY=1");
  set({ stopping: true });
  expect(await hears("STOPPING=1")).toContain("EXTEND_TIMEOUT_USEC=50000");
  const sinceMs = performance.now();
  await until(() => performance.now() - sinceMs > 150);
  forget();
  set({ status: "still stopping" });
  expect(await hears("STATUS=still stopping")).not.toContain("EXTEND_TIMEOUT_USEC=50000");
});

test("a manager that has gone is no fault of the worker's", () => {
  const socket = join(folder, "gone");
  listenForNotify(socket).close();
  expect(() => openNotifySocket(socket)?.("READY=1")).not.toThrow();
});

test("addresses are paths and abstract names that fit", () => {
  expect(notifyAddress("vsock:2:1234")).toBeUndefined();
  expect(notifyAddress(`/${"x".repeat(107)}`)).toBeUndefined();
  expect(notifyAddress(`/${"x".repeat(106)}`)?.length).toBe(110);
  expect(Buffer.from(notifyAddress("@ab") ?? [])).toEqual(Buffer.from([1, 0, 0, 97, 98]));
});

test("the watchdog's interval is its own process's alone", () => {
  expect(watchdogMsOf({ WATCHDOG_USEC: "3000000", WATCHDOG_PID: "7" }, 7)).toBe(3_000);
  expect(watchdogMsOf({ WATCHDOG_USEC: "3000000", WATCHDOG_PID: "7" }, 8)).toBeUndefined();
  expect(watchdogMsOf({ WATCHDOG_USEC: "3000000" }, 8)).toBe(3_000);
  expect(watchdogMsOf({}, 8)).toBeUndefined();
});
