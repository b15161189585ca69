/** The operator's own handlers as they are read from files: what is one, what each fault is told as. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { HandlerContext } from "../../src/handlers/context.ts";
import { FileRefused, importFile } from "../../src/handlers/import-file.ts";
import { loadHandlerFile, loadHandlers } from "../../src/handlers/load-handlers.ts";
import { readPayload } from "../../src/handlers/payload.ts";
import { PermanentError } from "../../src/task/outcome.ts";
import { type HandlerFiles, makeHandlerFiles } from "./handler-files.ts";

let files: HandlerFiles;
beforeEach(() => {
  files = makeHandlerFiles();
});
afterEach(() => files.remove());

const context = {} as HandlerContext;

describe("a handler's file", () => {
  test("gives a handler named as the file, which takes any JSON", async () => {
    const path = files.define("greet.ts", `run: (payload) => ({ got: payload })`);
    const handler = await loadHandlerFile(path);
    expect(handler).toMatchObject({ name: "greet", file: path });
    expect(await readPayload(handler.payload, [1, null])).toEqual({ value: [1, null] });
    expect(await handler.run("Ana", context)).toEqual({ got: "Ana" });
  });

  test("may give a name, time-out, back-off and isolation", async () => {
    const path = files.define(
      "daily.ts",
      `name: "office.report", timeoutMs: 90_000, backoff: "fixed:60s~10%", isolate: true, run() {}`,
    );
    const found = { name: "office.report", timeoutMs: 90_000, backoff: "fixed:1m~10%", isolate: true };
    expect(await loadHandlerFile(path)).toMatchObject(found);
  });

  test("imports what lies beside it, also TypeScript with an enum, and the product's errors are its own", async () => {
    files.write("_lib.ts", `export enum Tone { Low = "low" }\nexport const tone: Tone = Tone.Low;`);
    const path = files.write(
      "tone.mts",
      `import { defineHandler, PermanentError } from "fiscaut-tasks";
       import { tone } from "./_lib.ts";
       export default defineHandler({ run() { throw new PermanentError(tone); } });`,
    );
    const error = await (await loadHandlerFile(path)).run({}, context).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toMatchObject({ message: "low", stack: expect.stringContaining(`${path}:3:`) });
  });
});

describe("a payload's schema", () => {
  const zod = `payload: z.object({ who: z.object({ name: z.string() }), n: z.number().default(3) }), run() {}`;
  const byHand = (validate: string) =>
    `payload: { "~standard": { version: 1, vendor: "by hand", validate: ${validate} } }, run() {}`;

  test("of zod tells every fault with its path, and fills in what is left out", async () => {
    const { payload } = await loadHandlerFile(files.define("zod.ts", zod));
    expect(await readPayload(payload, { who: { name: "Ana" } })).toEqual({
      value: { who: { name: "Ana" }, n: 3 },
    });
    expect(await readPayload(payload, { who: { name: 1 }, n: "x" })).toEqual({
      fault: expect.stringMatching(/^who\.name: .*; n: /),
    });
  });

  test("written by hand may be asynchronous, and has paths of keys or of segments", async () => {
    const validate = `async (value) => typeof value === "string" ? { value: value.length }
      : { issues: [{ message: "is no text", path: ["a", { key: 0 }] }, { message: "at all" }] }`;
    const { payload } = await loadHandlerFile(files.define("hand.ts", byHand(validate)));
    expect(await readPayload(payload, "Ana")).toEqual({ value: 3 });
    expect(await readPayload(payload, 1)).toEqual({ fault: "a.0: is no text; at all" });
  });

  test("may be a function, as ArkType's are", async () => {
    const schema = `payload: Object.assign(() => {}, { "~standard": { version: 1, vendor: "f", validate: (value) => ({ value }) } }), run() {}`;
    const { payload } = await loadHandlerFile(files.define("function.js", schema));
    expect(await readPayload(payload, 1)).toEqual({ value: 1 });
  });

  test("that throws is not taken for one that refuses", async () => {
    const { payload } = await loadHandlerFile(
      files.define("throws.ts", byHand(`() => { throw new Error("no table"); }`)),
    );
    await expect(readPayload(payload, 1)).rejects.toThrow("no table");
  });
});

describe("a file is refused with its path", () => {
  const defined = (definition: string) =>
    `import { defineHandler } from "fiscaut-tasks";\nexport default defineHandler({ ${definition} });`;

  test.each([
    ["a syntax error", "const a = 1;\nexport default {;", /bad\.ts:2:\d+: Expected/],
    ["an error in what it imports", `import "./_bad.ts";`, /_bad\.ts:1:\d+: /],
    ["an import that is not there", `import "./nothing.ts";`, /bad\.ts: Cannot find module '.\/nothing\.ts'/],
    [
      "a name that the product does not export",
      `import { nope } from "fiscaut-tasks"; export default nope;`,
      /nope/,
    ],
    ["an error while it is imported", `\n\nthrow new Error("no table");`, /bad\.ts:3:\d+: no table$/],
    ["no default export", "export const run = 1;", /bad\.ts: has no default export: export default define/],
    ["a default that is no handler", "export default { run() {} };", /its default export is no handler/],
    ["a handler without run", defined(""), /bad\.ts: run: is not a function/],
    ["a bad name", defined(`name: "no blanks", run() {}`), /bad\.ts: name: the task's name may hold/],
    ["a bad time-out", defined("timeoutMs: 0, run() {}"), /bad\.ts: timeoutMs: /],
    [
      "a bad back-off",
      defined(`backoff: "hourly", run() {}`),
      /bad\.ts: backoff: "hourly" is not one such as/,
    ],
    [
      "a schema that is none",
      defined("payload: { type: 'object' }, run() {}"),
      /payload: is no schema: use z\./,
    ],
    ["a mistyped word", defined("timeout: 5, run() {}"), /bad\.ts: .*timeout/],
    ["the name of a built-in one", defined(`name: "fiscaut.sync-supplier", run() {}`), /built-in/],
  ])("for %s", async (_, text, message) => {
    files.write("_bad.ts", "export const a = ;");
    const path = files.write("bad.ts", text);
    const refused = await loadHandlerFile(path).catch((error) => error);
    expect(refused).toBeInstanceOf(FileRefused);
    expect(refused.message).toMatch(message);
    expect(refused.message).toStartWith(files.dir);
  });

  test("whose name is none of a task", async () => {
    const path = files.define("no blanks.ts", "run() {}");
    await expect(loadHandlerFile(path)).rejects.toThrow(/rename the file, or give defineHandler a name$/);
  });

  test("when its import does not end", async () => {
    const path = files.write("waits.ts", "await new Promise(() => {});");
    await expect(importFile(path, 50)).rejects.toThrow(`${path}: its import did not end within 50 ms`);
  });
});

describe("a folder of handlers", () => {
  test("gives the good ones, and what is wrong with each of the others", async () => {
    const names = ["a.ts", "b.js", "c.mts", "d.mjs"].map((name) => files.define(name, "run() {}"));
    const broken = files.write("broken.ts", "export default {;");
    const throws = files.write("throws.ts", "throw 1;");
    const seen: string[] = [];
    const { handlers, faults } = await loadHandlers(files.dir, { onFile: (path) => seen.push(path) });
    expect(handlers.map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
    expect(faults.map(({ file }) => file)).toEqual([broken, throws]);
    expect(seen).toEqual([...names.slice(0, 2), broken, ...names.slice(2), throws].sort());
  });

  test("leaves out what is for the others to import, what declares or tests, other files and folders", async () => {
    for (const name of ["_lib.ts", ".hidden.ts", "types.d.ts", "a.test.ts", "README.md", "data.json"])
      files.write(name, "not even code (");
    for (const name of ["node_modules", "folder.ts"]) mkdirSync(join(files.dir, name));
    files.write("node_modules/x.ts", "not even code (");
    symlinkSync(files.define("one.ts", "run() {}"), join(files.dir, "_link.ts"));
    const { handlers, faults } = await loadHandlers(files.dir);
    expect(handlers.map(({ name }) => name)).toEqual(["one"]);
    expect(faults).toEqual([]);
  });

  test("has programs, too, by their execute bit", async () => {
    const program = files.write("report.sh", "#!/bin/sh\n");
    const badlyNamed = files.write("no blanks", "#!/bin/sh\n");
    for (const path of [program, badlyNamed]) chmodSync(path, 0o755);
    files.write("plain.sh", "#!/bin/sh\n");
    const { handlers, faults } = await loadHandlers(files.dir);
    expect(handlers).toMatchObject([{ name: "report", file: program }]);
    expect(faults).toEqual([{ file: badlyNamed, message: expect.stringContaining("rename the file") }]);
  });

  test("in which two have one name has neither, and says both", async () => {
    const first = files.define("same.js", "run() {}");
    const second = files.define("same.ts", "run() {}");
    files.define("other.ts", "run() {}");
    const { handlers, faults } = await loadHandlers(files.dir);
    expect(handlers.map(({ name }) => name)).toEqual(["other"]);
    expect(faults.map(({ message }) => message)).toEqual([
      `${first}: its handler is named same, as is that of ${second}: rename one`,
      `${second}: its handler is named same, as is that of ${first}: rename one`,
    ]);
  });

  test("leaves out files that it is told to, with the reason given", async () => {
    const file = files.write("blocks.ts", "for (;;);");
    const skipped = { file, message: `${file}: blocks` };
    expect(await loadHandlers(files.dir, { skip: [skipped] })).toEqual({ handlers: [], faults: [skipped] });
  });

  test("that is not there is a fault", async () => {
    const { handlers, faults } = await loadHandlers(join(files.dir, "none"));
    expect(handlers).toEqual([]);
    expect(faults).toEqual([{ file: join(files.dir, "none"), message: expect.stringContaining("ENOENT") }]);
  });
});
