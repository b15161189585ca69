/** NDJSON as it comes, in chunks that know nothing of lines. */
import { describe, expect, test } from "bun:test";
import { maxTaskBytes, readJsonLines } from "../../../src/task/doors/json-lines.ts";

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}
const read = async (text: string | Uint8Array, size = 5) =>
  (await Array.fromAsync(readJsonLines(inChunks(Buffer.from(text), size))))
    .flat()
    .map(({ place, task }) => [place, task] as const);

describe("NDJSON", () => {
  test("is read a line at a time, wherever its chunks end", async () => {
    const text = '{"a":"é€"}\r\n\n  \t\n[1,\t2]\n"last without line feed"';
    for (const size of [1, 2, 3, 7, 1000])
      expect(await read(text, size)).toEqual([
        ["line 1", { a: "é€" }],
        ["line 4", [1, 2]],
        ["line 5", "last without line feed"],
      ]);
    expect(await read("")).toEqual([]);
    expect(await read("\ufeff1\n")).toEqual([["line 1", 1]]);
  });

  const faulty: [string, string | Uint8Array, RegExp][] = [
    ["no JSON", "1\n\n{no}\n", /^line 3 is not JSON: /],
    ["JSON over several lines", '{"a":\n1}', /^line 1 is not JSON: /],
    [
      "another encoding",
      Buffer.from([0x31, 0x0a, 0x22, 0xe9, 0x22]),
      /^line 2 is not JSON: it is not UTF-8$/,
    ],
  ];
  for (const [what, text, message] of faulty)
    test(`with ${what} is refused by the line's number`, async () => {
      await expect(read(text)).rejects.toThrow(message);
    });

  test("is not held in memory for the sake of a line without end", async () => {
    let sent = 0;
    async function* endless() {
      for (;;) {
        sent += 65_536;
        yield Buffer.alloc(65_536, "1");
      }
    }
    await expect(Array.fromAsync(readJsonLines(endless()))).rejects.toThrow(/^line 1 is longer than/);
    expect(sent).toBeLessThan(2 * maxTaskBytes);
  });
});
