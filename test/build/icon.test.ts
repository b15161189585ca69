/** The icon that Windows shows of the executable; what else it shows is tested with the executable, in scripts/windows/. */
import { expect, test } from "bun:test";
import { drawIcon } from "../../scripts/build/icon.ts";

test("the icon is one of six 32-bit pictures, opaque in the middle and clear at the corners", () => {
  const icon = drawIcon();
  expect(icon.readUInt16LE(4)).toBe(6);
  const firstImage = icon.readUInt32LE(6 + 12);
  const alphaAt = (x: number, y: number) => icon[firstImage + 40 + 4 * (16 * (15 - y) + x) + 3];
  expect(alphaAt(8, 8)).toBe(255);
  expect(alphaAt(0, 0)).toBe(0);
});
