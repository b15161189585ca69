/** A rule that can't fire looks like a clean tree: each is shown to fire on a planted violation. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
let tree: string;
beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), "fiscaut-tasks-layers-"));
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  cpSync(join(root, "tsconfig.json"), join(tree, "tsconfig.json"));
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** The names of the rules that the files break. */
async function brokenRules(files: Record<string, string>): Promise<string[]> {
  rmSync(join(tree, "src"), { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const child = Bun.spawn(
    [
      process.execPath,
      "--bun",
      join(root, "node_modules/.bin/depcruise"),
      "--config",
      join(root, "scripts/check/layers.cjs"),
      "--output-type",
      "json",
      "src",
    ],
    { cwd: tree, stdout: "pipe", stderr: "pipe" },
  );
  const report = JSON.parse(await child.stdout.text());
  return report.summary.violations
    .map((violation: { rule: { name: string } }) => violation.rule.name)
    .toSorted();
}

const planted: [string, string, Record<string, string>][] = [
  [
    "a pure rule that imports the store",
    "task-imports-only-itself",
    { "src/task/a.ts": `import "../store/b.ts";`, "src/store/b.ts": "export const b = 1;" },
  ],
  [
    "HTTP that imports the engine",
    "http-imports-only-task+config+store+handlers",
    { "src/http/a.ts": `import "../engine/b.ts";`, "src/engine/b.ts": "export const b = 1;" },
  ],
  [
    "a type alone across layers",
    "fiscaut-imports-only-task",
    {
      "src/fiscaut/a.ts": `import type { B } from "../sources/b.ts"; export type A = B;`,
      "src/sources/b.ts": "export type B = 1;",
    },
  ],
  [
    "a handler that reads the store",
    "handlers-imports-only-task+fiscaut+sources",
    { "src/handlers/a.ts": `import "../store/find.ts";`, "src/store/find.ts": "export const b = 1;" },
  ],
  [
    "configuration loaded below the command line",
    "config-is-loaded-only-by-cli",
    { "src/engine/a.ts": `import "../config/load.ts";`, "src/config/load.ts": "export const b = 1;" },
  ],
  [
    "a cycle",
    "no-cycles",
    {
      "src/task/a.ts": `import "./b.ts"; export const a = 1;`,
      "src/task/b.ts": `import "./a.ts"; export const b = 1;`,
    },
  ],
  ["an import of nothing", "no-unresolved", { "src/task/a.ts": `import "./missing.ts";` }],
  ["a folder that the map lacks", "known-folder", { "src/utils/a.ts": `import "zod";` }],
  [
    "Postgres' driver outside the store and the sources",
    "postgres-only-in-store+sources",
    { "src/engine/a.ts": `import "postgres";` },
  ],
  [
    "Drizzle outside the store, in a source too",
    "drizzle-orm-only-in-store",
    { "src/sources/a.ts": `import "drizzle-orm";` },
  ],
  ["Hono outside HTTP", "hono-only-in-http", { "src/cli/a.ts": `import "hono";` }],
  ["citty outside the command line", "citty-only-in-cli", { "src/config/a.ts": `import "citty";` }],
  ["consola outside the log", "consola-only-in-log", { "src/cli/a.ts": `import "consola";` }],
];

for (const [what, rule, files] of planted) {
  test(`the layer rule finds ${what}`, async () => {
    expect(await brokenRules(files)).toContain(rule);
  });
}

test("the layer rule takes a tree that keeps to it", async () => {
  expect(
    await brokenRules({
      "src/engine/a.ts": `import "../store/b.ts";`,
      "src/store/b.ts": `import "postgres"; import "../task/c.ts";`,
      "src/sources/d.ts": `import "postgres"; import "../task/c.ts";`,
      "src/task/c.ts": "export const c = 1;",
    }),
  ).toEqual([]);
});
