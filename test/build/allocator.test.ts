import { expect, test } from "bun:test";
import { tuneAllocator } from "../../scripts/build/allocator.ts";

const textAt = 4_096;
const tableAt = 64;
const loadedAt = 0x200000n;

/** As much of a Bun as the build looks at: mimalloc's table of options, and their names. */
function makeBun(longSize: 4 | 8, values: Record<number, number> = {}): Buffer {
  const bun = Buffer.alloc(8_192, 0xee);
  let nameAt = textAt;
  for (let number = 0; number <= 55; number++) {
    const name = { 15: "purge_delay", 50: "purge_holes" }[number] ?? `other_${number}`;
    const entry = tableAt + number * 32;
    bun.fill(0, entry, entry + longSize);
    bun.writeInt32LE(values[number] ?? { 15: 100, 50: 1 }[number] ?? 7, entry);
    bun.writeInt32LE(0, entry + longSize);
    bun.writeInt32LE(number, entry + longSize + 4);
    bun.writeBigUInt64LE(loadedAt + BigInt(nameAt), entry + 16);
    nameAt += bun.write(`${name}\0`, nameAt);
  }
  return bun;
}

const read = (bun: Buffer, number: number) => bun.readInt32LE(tableAt + number * 32);

for (const [name, longSize] of [
  ["linux-x64", 8],
  ["linux-arm64", 8],
  ["windows-x64", 4],
] as const)
  test(`the options of a Bun for ${name} are set, and nothing else is changed`, () => {
    const bun = makeBun(longSize);
    const before = Buffer.from(bun);
    tuneAllocator(bun, { name });
    expect([read(bun, 15), read(bun, 50)]).toEqual([1_000, 0]);
    before.writeInt32LE(1_000, tableAt + 15 * 32);
    before.writeInt32LE(0, tableAt + 50 * 32);
    expect(bun.equals(before)).toBe(true);
  });

test("a Bun whose table is another fails the build", () => {
  const tune = (bun: Buffer) => tuneAllocator(bun, { name: "linux-x64" });
  expect(() => tune(makeBun(8, { 15: 50 }))).toThrow("purge_delay is 50, not 100");
  expect(() => tune(Buffer.alloc(8_192))).toThrow("0 tables look like it");
  const renumbered = makeBun(8);
  renumbered.writeBigUInt64LE(loadedAt, tableAt + 50 * 32 + 16);
  expect(() => tune(renumbered)).toThrow("its options have other numbers");
  const renamed = makeBun(8);
  renamed.write("purge_Holes", renamed.indexOf("purge_holes"));
  expect(() => tune(renamed)).toThrow("it has not one option purge_holes");
});
