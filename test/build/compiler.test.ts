import { expect, test } from "bun:test";
import { tuneCompiler } from "../../scripts/build/compiler.ts";

const thresholds = Buffer.from(Int32Array.of(1_000, 1, 15, 64_000).buffer);
const filling = Buffer.alloc(100, 0xee);

test("the last compiler's threshold is set, and nothing else is changed", () => {
  const bun = Buffer.concat([filling, thresholds, filling]);
  tuneCompiler(bun);
  const set = Buffer.from(Int32Array.of(1_000, 1, 15, 1_000_000).buffer);
  expect(bun.equals(Buffer.concat([filling, set, filling]))).toBe(true);
});

test("a Bun with other thresholds, or with what may be two of them, fails the build", () => {
  for (const bun of [filling, Buffer.concat([thresholds, filling, thresholds])])
    expect(() => tuneCompiler(Buffer.from(bun))).toThrow("are not there once");
});
