/** Where a batch's tasks wait until all are checked: nothing is lost, and nothing left behind. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toChunk } from "../../../src/store/enqueue/task-chunk.ts";
import { TaskSpool } from "../../../src/store/enqueue/task-spool.ts";
import {
  checkNewTask,
  type NewTask,
  type StorableTask,
  toStorable,
} from "../../../src/task/doors/new-task.ts";

let folder: string;
const before = process.env["TMPDIR"];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-spool-"));
  process.env["TMPDIR"] = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
  rmSync(folder, { recursive: true, force: true });
});

const text = 'é\n"\\'.repeat(50_000);
async function* chunks(asked: NewTask[], size = 7): AsyncGenerator<StorableTask[]> {
  for (let from = 0; from < asked.length; from += size)
    yield asked.slice(from, from + size).map((task) => toStorable(checkNewTask(task)));
}

/** Of the temporary folder, those that this process holds open. */
function openFiles(): string[] {
  const open: string[] = [];
  for (const fd of readdirSync("/proc/self/fd"))
    try {
      open.push(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // That of the listing itself.
    }
  return open.filter((path) => path.startsWith(folder));
}

describe("a spool", () => {
  test("gives back few tasks and many as they were, and removes what it needed for that", async () => {
    for (const [count, key] of [
      [0, {}],
      [3, {}],
      [40, {}],
      // What is done with these is decided when they are stored.
      [3, { key: "k" }],
      [40, { key: "k" }],
    ] as const) {
      const asked = Array.from({ length: count }, (_, n) => ({
        name: `n${n}`,
        payload: { n, text },
        runAt: "2031-01-01T00:00:00.123Z",
        repeatMs: 1_000,
        repeatUntil: "2032-01-01T00:00:00Z",
        ...key,
      }));
      const spool = await TaskSpool.fill(chunks(asked));
      expect(openFiles()).toHaveLength(count === 40 ? 1 : 0);
      // However this process ends, none is left behind.
      expect(readdirSync(folder)).toEqual([]);
      expect(spool.firstName).toBe(count === 0 ? undefined : "n0");
      const expected = (await Array.fromAsync(chunks(asked))).map(toChunk);
      expect(await Array.fromAsync(spool.chunks())).toEqual(expected);
      await spool[Symbol.asyncDispose]();
      expect(openFiles()).toEqual([]);
    }
  });

  test("leaves nothing behind when the tasks break off", async () => {
    async function* broken() {
      yield* chunks(Array.from({ length: 40 }, () => ({ name: "x", payload: text })));
      throw new Error("the caller hung up");
    }
    await expect(TaskSpool.fill(broken())).rejects.toThrow("the caller hung up");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("says so when the temporary folder can't be written", async () => {
    process.env["TMPDIR"] = join(folder, "missing");
    const many = Array.from({ length: 40 }, () => ({ name: "x", payload: text }));
    await expect(TaskSpool.fill(chunks(many))).rejects.toMatchObject({
      kind: "failed",
      message: `the batch can't be kept in ${folder}/missing until it is checked`,
    });
  });
});
