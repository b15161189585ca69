/** The bodies of batches, in chunks of any size: what is read of them is what JSON.parse would read. */
import { describe, expect, test } from "bun:test";
import { readArray, readObject } from "../../../src/http/batches/batch-body.ts";
import { Problem } from "../../../src/http/problem.ts";
import { maxTaskBytes } from "../../../src/task/doors/json-lines.ts";

async function* inChunks(text: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function read(text: string | Uint8Array, size = 3) {
  const members = new Map<string, unknown>();
  const asked = (await Array.fromAsync(readObject(inChunks(text, size), members))).flat();
  return { ...Object.fromEntries(members), tasks: asked.map(({ task }) => task) };
}

const body = {
  title: 'é€ "quoted" \\ and ] } , :',
  nested: { tasks: [[], {}, [{}], "]"] },
  tasks: [
    { name: "a", payload: { "}": ["{", '\\"', "\\\\", []] } },
    1,
    -1.5e3,
    true,
    null,
    "x",
    [],
    {},
    [[1], 2],
  ],
  last: null,
};

describe("an object with tasks", () => {
  test("is read wherever its chunks end, and however it is laid out", async () => {
    for (const text of [
      JSON.stringify(body),
      JSON.stringify(body, null, 2),
      JSON.stringify(body, null, "\t\r\n"),
    ])
      for (const size of [1, 2, 3, 5, 64, 100_000]) expect(await read(text, size)).toEqual(body);
    expect(await read('{"tasks":[]}')).toEqual({ tasks: [] });
    expect(await read(' { "tasks" : [ 1 ] } \n')).toEqual({ tasks: [1] });
  });

  test("tells where its tasks stand", async () => {
    const asked = (await Array.fromAsync(readObject(inChunks('{"tasks":[{},[1,2]]}', 4), new Map()))).flat();
    expect(asked.map(({ place, bytes }) => [place, bytes])).toEqual([
      ["tasks[0]", 2],
      ["tasks[1]", 5],
    ]);
  });

  const faulty: [string, string | Uint8Array, RegExp][] = [
    ["nothing", "", /expected \{ at its beginning, but found it ends/],
    ["an array", "[]", /expected \{ at its beginning, but found "\["/],
    ["no tasks", "{}", /tasks: none are given/],
    ["no tasks but a title", '{"title":"x"}', /tasks: none are given/],
    ["tasks that are no array", '{"tasks":{}}', /expected \[ for tasks, but found "\{"/],
    ["a member twice", '{"tasks":[],"tasks":[]}', /tasks: given more than once/],
    ["a name that is no string", "{1 :2}", /a member's name is no string/],
    ["no colon", '{"title" "x"}', /expected : after "title"/],
    ["no comma between members", '{"title":"x" "tasks":[]}', /expected \} after title/],
    ["no comma between tasks", '{"tasks":[1 2]}', /expected \] after tasks\[0\]/],
    ["a comma too many", '{"tasks":[1,]}', /tasks\[1\] is not JSON/],
    ["brackets that don't match", '{"tasks":[[1}]}', /tasks\[0\] is not JSON/],
    ["a task that is cut off", '{"tasks":[{"name":"a', /tasks\[0\] is not JSON/],
    ["tasks that are cut off", '{"tasks":[1', /expected \] after tasks\[0\], but found it ends/],
    ["its end missing", '{"tasks":[1]', /expected \} after tasks, but found it ends/],
    ["more after its end", '{"tasks":[]}{}', /expected nothing after its end/],
    [
      "another encoding",
      Buffer.from([...Buffer.from('{"tasks":["'), 0xe9, 0x22, 0x5d, 0x7d]),
      /tasks\[0\] is not JSON: it is not UTF-8/,
    ],
  ];
  for (const [what, text, message] of faulty)
    test(`is refused with ${what}`, async () => {
      for (const size of [1, 1000]) await expect(read(text, size)).rejects.toThrow(message);
    });

  test("is not held in memory for the sake of a task without end", async () => {
    let sent = 0;
    async function* endless() {
      yield Buffer.from('{"tasks":["');
      for (;;) {
        sent += 65_536;
        yield Buffer.alloc(65_536, "a");
      }
    }
    const reading = Array.fromAsync(readObject(endless(), new Map()));
    await expect(reading).rejects.toThrow(/^tasks\[0\] is longer than/);
    expect(sent).toBeLessThan(2 * maxTaskBytes);
  });
});

describe("an array of tasks", () => {
  const places = async (text: string) =>
    (await Array.fromAsync(readArray(inChunks(text, 2)))).flat().map(({ place, task }) => [place, task]);

  test("is read", async () => {
    expect(await places(' [{"a":1}, 2 ] ')).toEqual([
      ["tasks[0]", { a: 1 }],
      ["tasks[1]", 2],
    ]);
    expect(await places("[]")).toEqual([]);
  });

  test("is refused with more after its end", async () => {
    const refusal = await places("[] 1").catch((error) => error);
    expect(refusal).toBeInstanceOf(Problem);
    expect(refusal.message).toContain('expected nothing after its end, but found "1"');
  });
});
