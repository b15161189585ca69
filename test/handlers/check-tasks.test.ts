/** The tasks of a batch at a door: checked in chunks, named by their place. */
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { checkTasks } from "../../src/handlers/check-tasks.ts";
import { createPayloadCheck, type PayloadCheck } from "../../src/handlers/payload.ts";
import type { AskedTask } from "../../src/task/doors/json-lines.ts";

async function* asked(tasks: unknown[], bytes = 10): AsyncGenerator<AskedTask[]> {
  for (let from = 0; from < tasks.length; from += 7)
    yield tasks
      .slice(from, from + 7)
      .map((task, index) => ({ place: `line ${from + index + 1}`, task, bytes }));
}
const greetings: PayloadCheck = createPayloadCheck((name) =>
  name === "greet" ? z.object({ who: z.string() }) : undefined,
);
const check = async (tasks: unknown[], defaults = {}, bytes?: number) =>
  await Array.fromAsync(
    checkTasks(asked(tasks, bytes), {
      checkPayloads: greetings,
      turn: (task) => ({ ...task, priority: -task.priority }),
      defaults,
    }),
  );

describe("the tasks of a batch", () => {
  test("come out as the store takes them, in chunks that are bounded by number and by size", async () => {
    const many = Array.from({ length: 2_500 }, (_, n) => ({ name: "x", payload: n, priority: 1 }));
    const chunks = await check(many);
    expect(chunks.map((chunk) => chunk.length)).toEqual([1000, 1000, 500]);
    expect(chunks.flat()[2_499]).toMatchObject({ name: "x", payload: 2_499, priority: -1, queue: "default" });
    expect((await check(many.slice(0, 9), {}, 1024 * 1024)).map((chunk) => chunk.length)).toEqual([4, 4, 1]);
  });

  test("take what they leave out from the defaults", async () => {
    const defaults = { name: "x", queue: "night", delayMs: 1_000, keyOf: "payload", title: undefined };
    const [tasks] = await check(
      [{}, { name: "y", queue: "day" }, { runAt: "2031-01-01T00:00:00Z", key: "k" }],
      defaults,
    );
    expect(tasks).toMatchObject([
      { name: "x", queue: "night", delayMs: 1_000, keyOf: "payload" },
      { name: "y", queue: "day", delayMs: 1_000 },
      { name: "x", runAt: new Date("2031-01-01T00:00:00Z"), key: "k" },
    ]);
    // What excludes a default puts it aside instead of being refused for it.
    expect(tasks?.[2]?.delayMs).toBeUndefined();
    expect(tasks?.[2]?.keyOf).toBeUndefined();
  });

  const faulty: [string, unknown, RegExp][] = [
    ["is no object", 5, /^line 3: .*expected object/],
    ["is an array", [], /^line 3: .*expected object/],
    ["lacks its name", {}, /^line 3: name: /],
    ["has a member that there is not", { name: "x", delay: 1 }, /^line 3: .*delay/],
    [
      "has a payload that its handler refuses",
      { name: "greet", payload: {} },
      /^line 3: the payload is not greet's: who/,
    ],
  ];
  for (const [what, task, message] of faulty)
    test(`are refused, and the place named, when one ${what}`, async () => {
      const good = { name: "greet", payload: { who: "you" } };
      await expect(check([good, good, task, good])).rejects.toThrow(message);
    });
});
