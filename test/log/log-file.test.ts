/** The log file on a real disk, a full one too. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type LogFileOptions, openLogFile } from "../../src/log/log-file.ts";

let folder: string;
let told: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-log-"));
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = () => join(folder, "made", "worker.log");
const open = (options: Partial<LogFileOptions> = {}) =>
  openLogFile({
    path: place(),
    maxBytes: 1_000,
    maxAgeMs: 60_000,
    keep: 2,
    fallback: { isTTY: false, write: (text) => void told.push(text) },
    ...options,
  });
const files = () => readdirSync(join(folder, "made")).sort();
const read = (name = "worker.log") => readFileSync(join(folder, "made", name), "utf8");

test("a line is in the file when the call returns, after those that were there", () => {
  open().write("one\n");
  open().write("two\n");
  expect(read()).toBe("one\ntwo\n");
  expect(told).toEqual([]);
});

test("a file that is full is put aside with its time, and the newest of those are kept", () => {
  let now = Date.UTC(2026, 10, 28, 2, 4, 5);
  const log = open({ now: () => now, maxAgeMs: Number.POSITIVE_INFINITY });
  for (let n = 0; n < 4; n++) {
    log.write(`${String(n).repeat(999)}\n`);
    now += 60_000;
  }
  expect(files()).toEqual([
    "worker.log",
    ...["020605000", "020705000"].map((at) => `worker.log.20261128T${at}Z-${process.pid}`),
  ]);
  expect(read().startsWith("3")).toBe(true);
});

test("a file that is old is put aside, an empty one is not", () => {
  let now = Date.now();
  const log = open({ now: () => now });
  now += 61_000;
  log.write("one\n");
  expect(files()).toEqual(["worker.log"]);
  now += 61_000;
  log.write("two\n");
  expect(files()).toHaveLength(2);
  expect(read()).toBe("two\n");
});

test("a file that was moved is left, at once when asked and by itself within a second", () => {
  let now = Date.now();
  const log = open({ now: () => now });
  log.write("one\n");
  renameSync(place(), `${place()}-1`);
  log.reopen();
  log.write("two\n");
  renameSync(place(), `${place()}-2`);
  now += 1_001;
  log.write("three\n");
  expect(["worker.log-1", "worker.log-2", "worker.log"].map(read)).toEqual(["one\n", "two\n", "three\n"]);
});

test("two processes that write and put aside lose no line and tear none", async () => {
  const script = `
    import { openLogFile } from ${JSON.stringify(resolve("src/log/log-file.ts"))};
    const fallback = { isTTY: false, write: (text) => process.stderr.write(text) };
    const log = openLogFile({ path: ${JSON.stringify(place())}, maxBytes: 20_000, maxAgeMs: Infinity, keep: 1000, fallback });
    for (let n = 0; n < 1000; n++) log.write(JSON.stringify({ by: process.argv[2], n, filler: "x".repeat(200) }) + "\\n");
  `;
  await Bun.write(join(folder, "write.ts"), script);
  const write = (by: string) =>
    Bun.spawn([process.execPath, join(folder, "write.ts"), by], { stdout: "ignore", stderr: "pipe" });
  const both = [write("a"), write("b")];
  for (const child of both) expect([await child.exited, await child.stderr.text()]).toEqual([0, ""]);
  const lines = files().flatMap((name) => read(name).trimEnd().split("\n").filter(Boolean));
  const seen = lines.map((line) => JSON.parse(line) as { by: string; n: number });
  expect(seen).toHaveLength(2_000);
  expect(new Set(seen.map(({ by, n }) => `${by}${n}`)).size).toBe(2_000);
  expect(files().length).toBeGreaterThan(10);
}, 30_000);

describe.skipIf(process.platform === "win32")("a full disk", () => {
  test("costs no line: they go elsewhere, once told, until there is room", () => {
    const log = open();
    unlinkSync(place());
    symlinkSync("/dev/full", place());
    log.reopen();
    log.write("one\n");
    log.write("two\n");
    expect(log.fault).toBe("can't be written (no space is left)");
    const news = `fiscaut-tasks: the log file ${place()}`;
    const lines = `${news} can't be written (no space is left): its lines come here until it can\n`;
    expect(told).toEqual([lines, "one\n", "two\n"]);
    unlinkSync(place());
    log.reopen();
    log.write("three\n");
    expect(log.fault).toBeUndefined();
    expect(told.at(-1)).toBe(`${news} can be written again\n`);
    expect(read()).toBe("three\n");
  });

  test("that leaves half a line lets no later one be torn", async () => {
    const mount = join(folder, "made");
    const log = open({ maxBytes: 1_000_000 });
    // Where no disk of its own can be had, as without root, there is nothing to see.
    if (
      (await Bun.spawn(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", mount], { stderr: "ignore" })
        .exited) !== 0
    )
      return;
    try {
      log.reopen();
      const line = (n: number) => `${JSON.stringify({ n, filler: "x".repeat(700) })}\n`;
      for (let n = 0; n < 30; n++) log.write(line(n));
      expect(log.fault).toBe("can't be written (no space is left)");
      await Bun.spawn(["mount", "-o", "remount,size=64k", mount]).exited;
      log.write(line(30));
      expect(log.fault).toBeUndefined();
      const whole = read()
        .trimEnd()
        .split("\n")
        .filter((text) => text.endsWith("}"));
      const elsewhere = told.filter((text) => text.startsWith("{"));
      expect(new Set([...whole.map((text) => `${text}\n`), ...elsewhere]).size).toBe(31);
    } finally {
      // The log keeps its file open.
      await Bun.spawn(["umount", "--lazy", mount]).exited;
    }
  });
});
