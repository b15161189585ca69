import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { placeSettingsTable, renderSettingsTable } from "../../scripts/readme-settings.ts";
import { settingKeys } from "../../src/config/settings/settings.ts";

test("the README's table of settings is the one in the code (else: bun scripts/readme-settings.ts)", async () => {
  const readme = await Bun.file(resolve(import.meta.dir, "../../README.md")).text();
  expect(readme).toBe(placeSettingsTable(readme));
});

test("the table has a row of six cells a setting", () => {
  const [, , ...rows] = renderSettingsTable().split("\n");
  expect(rows.map((row) => row.split(" | ")[0])).toEqual(settingKeys.map((key) => `| \`${key}\``));
  expect(rows.every((row) => row.slice(2, -2).split(" | ").length === 6)).toBe(true);
});

test("placing the table leaves the rest of the text alone, also the second time", () => {
  const placed = placeSettingsTable("before\n<!-- settings -->\nold\n<!-- /settings -->\nafter\n");
  expect(placed).toBe(`before\n<!-- settings -->\n${renderSettingsTable()}\n<!-- /settings -->\nafter\n`);
  expect(placeSettingsTable(placed)).toBe(placed);
  expect(() => placeSettingsTable("no markers")).toThrow("lacks <!-- settings -->");
});
