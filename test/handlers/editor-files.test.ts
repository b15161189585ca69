/** What `handlers types` writes and what it leaves alone. What an editor makes of it is in `editor-types.test.ts`. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildEditorFiles } from "../../scripts/build/editor-files.ts";
import { writeEditorFiles } from "../../src/handlers/editor-files.ts";
import { OperatorError } from "../../src/task/errors.ts";

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "fiscaut-tasks-editor-"));
  await buildEditorFiles();
}, 120_000);
afterAll(() => rmSync(root, { recursive: true }));

const makeFolder = () => mkdtempSync(join(root, "handlers-"));
const write = (folder: string, name: string, text: string) => Bun.write(join(folder, name), text);

const outcomes = async (folder: string) =>
  (await writeEditorFiles(folder)).files.map(({ name, outcome }) => `${name} ${outcome}`);

test("makes the folder, and leaves what it finds as it would write it untouched", async () => {
  const folder = join(makeFolder(), "a", "b");
  expect(await outcomes(folder)).toEqual([
    "fiscaut-tasks.d.ts written",
    ".types written",
    "tsconfig.json written",
  ]);
  const writtenAt = statSync(join(folder, "fiscaut-tasks.d.ts")).mtimeMs;
  expect(await outcomes(folder)).toEqual([
    "fiscaut-tasks.d.ts unchanged",
    ".types unchanged",
    "tsconfig.json unchanged",
  ]);
  expect(statSync(join(folder, "fiscaut-tasks.d.ts")).mtimeMs).toBe(writtenAt);
});

test("renews the types of another version, with all that was in their folder", async () => {
  const folder = makeFolder();
  await writeEditorFiles(folder);
  await write(folder, "fiscaut-tasks.d.ts", "// old\n");
  await write(folder, ".types/node_modules/@types/bun/index.d.ts", "// old\n");
  await write(folder, ".types/node_modules/@types/gone/index.d.ts", "// of another version\n");
  expect(await outcomes(folder)).toEqual([
    "fiscaut-tasks.d.ts written",
    ".types written",
    "tsconfig.json unchanged",
  ]);
  expect(await Bun.file(join(folder, ".types/node_modules/@types/gone/index.d.ts")).exists()).toBe(false);
});

test("keeps a tsconfig.json that is the operator's, and tells what it lacks", async () => {
  const folder = makeFolder();
  const own = `{ /* ours */ "compilerOptions": { "strict": true, "lib": ["ESNext", "DOM"], "noEmit": true, } }`;
  await write(folder, "tsconfig.json", own);
  const { files, advice } = await writeEditorFiles(folder);
  expect(files.at(-1)).toEqual({ name: "tsconfig.json", outcome: "kept" });
  expect(await Bun.file(join(folder, "tsconfig.json")).text()).toBe(own);
  expect(advice).toMatchObject({
    lib: ["ESNext"],
    types: ["bun"],
    typeRoots: ["./.types/node_modules/@types"],
    moduleResolution: "bundler",
  });
  expect(Object.keys(advice)).not.toContain("strict");
});

test("takes a tsconfig.json with all of its options for good, however it is written", async () => {
  const folder = makeFolder();
  await writeEditorFiles(folder);
  const path = join(folder, "tsconfig.json");
  await Bun.write(path, JSON.stringify({ ...(await Bun.file(path).json()), exclude: ["old"] }));
  expect(await writeEditorFiles(folder)).toMatchObject({ advice: {} });
});

test("tells a folder that is a file, and what to do", async () => {
  const folder = makeFolder();
  await write(folder, "taken", "");
  const writing = writeEditorFiles(join(folder, "taken"));
  await expect(writing).rejects.toBeInstanceOf(OperatorError);
  await expect(writing).rejects.toThrow("is not a folder");
});
