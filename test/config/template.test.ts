import { expect, test } from "bun:test";
import { settingKeys, settingOf } from "../../src/config/settings/settings.ts";
import { renderConfigTemplate } from "../../src/config/template.ts";
import { load } from "./surroundings.ts";

const path = "/etc/fiscaut-tasks/fiscaut-tasks.toml";
const text = renderConfigTemplate();
const lines = text.split("\n");
const isSetting = (line: string) => /^#[a-z]/.test(line);
const loadText = (toml: string) => load({ isRoot: true, files: { [path]: toml } });

test("as it is written, the file sets nothing", () => {
  const { origins, file, schedules } = loadText(text);
  expect(file).toBe(path);
  expect(new Set(Object.values(origins))).toEqual(new Set(["default"]));
  expect(schedules).toEqual([]);
});

test("every setting has a line, with its default where that is a constant", () => {
  for (const key of settingKeys) {
    const line = lines.find((candidate) => candidate.startsWith(`#${key} = `));
    expect(line, key).toBeDefined();
    const { default: byDefault, property } = settingOf(key);
    if (typeof byDefault !== "string") continue;
    const { config } = loadText(String(line).slice(1));
    expect(config[property], key).toEqual(load().config[property]);
  }
});

test("any one line whose # is taken off is a setting of the file, without a fault", () => {
  const settings = lines.filter(isSetting);
  expect(settings).toHaveLength(settingKeys.length + 1);
  for (const setting of settings) {
    const uncommented = text.replace(setting, setting.slice(1));
    const { origins, schedules } = loadText(uncommented);
    const set = Object.values(origins).filter((origin) => origin.startsWith("file "));
    expect(set.length + schedules.length, setting).toBe(1);
  }
});

test("so are all of them together", () => {
  const uncommented = lines.map((line) => (isSetting(line) ? line.slice(1) : line)).join("\n");
  const { origins, schedules } = loadText(uncommented);
  expect(Object.values(origins).every((origin) => origin.startsWith("file "))).toBe(true);
  expect(schedules.map(({ name }) => name)).toEqual(["nightly"]);
});
