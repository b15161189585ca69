import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FolderWatch, watchFolder } from "../../../src/cli/worker/watch-folder.ts";
import { until } from "../../until.ts";

let dir: string;
let watching: FolderWatch;
const told: string[] = [];
const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
/** Writes again until it is told: the first look, which knows what there is, may come after the first write. */
const change = async (name: string) => {
  told.length = 0;
  let text = "";
  await until(() => {
    if (told.includes(name)) return true;
    text += "x";
    write(name, text);
    return false;
  });
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "fiscaut-tasks-watch-"));
  told.length = 0;
  mkdirSync(join(dir, "lib"));
  mkdirSync(join(dir, "node_modules"));
  write("kept.ts", "");
  watching = watchFolder(dir, (changed) => told.push(...changed), { quietMs: 5, pollMs: 25 });
});
afterEach(() => {
  watching.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("files that are added, changed and removed are told, also below", async () => {
  await change("a.ts");
  await change("a.ts");
  await change("lib/deep.ts");
  told.length = 0;
  rmSync(join(dir, "a.ts"));
  await until(() => told.includes("a.ts"));
  expect(told).not.toContain("kept.ts");
});

test("what lies in node_modules or is hidden, as an editor's own files, is not told", async () => {
  write("node_modules/x.ts", "x");
  write(".a.ts.swp", "x");
  await change("a.ts");
  expect(new Set(told)).toEqual(new Set(["a.ts"]));
});

test("a folder that is removed and made again is still watched", async () => {
  await change("a.ts");
  rmSync(dir, { recursive: true });
  await until(() => told.includes("kept.ts"));
  mkdirSync(dir);
  await change("b.ts");
});
