import { afterAll, expect, test } from "bun:test";
import { loadHooks } from "../../src/hooks/load-hooks.ts";
import { momentKinds } from "../../src/task/life.ts";
import { makeHookFiles } from "./hook-files.ts";

const files = makeHookFiles();
afterAll(() => files.remove());

test("a default function and onEvent hear of every moment", async () => {
  const byDefault = await loadHooks(files.write("default.ts", "export default () => {};"));
  const onEvent = await loadHooks(
    files.write("on-event.ts", "export const onEvent = (event: unknown) => {};"),
  );
  for (const hooks of [byDefault, onEvent]) expect(Object.keys(hooks)).toEqual([...momentKinds]);
});

test("a function named after a kind hears of that kind alone, and beside onEvent after it", async () => {
  const alone = await loadHooks(
    files.write("failed.ts", "export function failed() {} export const table = {};"),
  );
  expect(alone).toEqual({ failed: [expect.any(Function)] });
  const beside = await loadHooks(
    files.write("beside.ts", "export function onEvent() {}\nexport function failed() {}"),
  );
  expect(beside.failed?.map(({ name }) => name)).toEqual(["onEvent", "failed"]);
  expect(beside.started).toHaveLength(1);
});

test.each([
  [
    "a syntax error, with its position",
    "export function failed(event: {) {}",
    /syntax\d+\.ts:2:\d+: Unexpected \)/,
  ],
  [
    "an import that is not there",
    `import x from "./nothing.ts"; export default () => x;`,
    /Cannot find module/,
  ],
  ["an error while it is imported", `throw new Error("no table");`, /syntax\d+\.ts:2:\d+: no table/],
  [
    "a file without a hook",
    "export const table = 1;",
    /exports no hook: a default function, onEvent, or one of created/,
  ],
  [
    "a kind that there is not",
    "export function faild() {}",
    /exports a function faild, but events are created/,
  ],
  ["a hook that is no function", "export const failed = 1;", /its failed is not a function/],
  ["a default that is no function", "export default {};", /its default is not a function/],
  ["onEvent beside a default", "export default () => {}; export function onEvent() {}", /export one of them/],
])("%s is refused", async (_, text, message) => {
  const path = files.write(`syntax${Bun.hash(text)}.ts`, text);
  await expect(loadHooks(path)).rejects.toThrow(message);
});

test("a file that does not exist is refused", async () => {
  await expect(loadHooks("/nowhere/hooks.ts")).rejects.toThrow("/nowhere/hooks.ts does not exist");
});

test("a hooks file finds the product's own module, as handlers do", async () => {
  const path = files.write(
    "own-module.ts",
    `import { z } from "fiscaut-tasks"; export const failed = (event: unknown) => z.object({}).parse(event);`,
  );
  expect(await loadHooks(path)).toEqual({ failed: [expect.any(Function)] });
});
