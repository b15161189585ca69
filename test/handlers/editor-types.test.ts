/** What `handlers types` writes, held to the compiler: good files pass by it, and mistakes are found. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { buildEditorFiles } from "../../scripts/build/editor-files.ts";
import { writeEditorFiles } from "../../src/handlers/editor-files.ts";

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "fiscaut-tasks-editor-"));
  await buildEditorFiles();
}, 120_000);
afterAll(() => rmSync(root, { recursive: true }));

const makeFolder = () => mkdtempSync(join(root, "handlers-"));
const write = (folder: string, name: string, text: string) => Bun.write(join(folder, name), text);

/** The compiler as an editor has it: the folder's tsconfig.json decides. */
function openProgram(folder: string, more: ts.CompilerOptions = {}): ts.Program {
  const { config } = ts.readConfigFile(join(folder, "tsconfig.json"), ts.sys.readFile);
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  expect(errors).toEqual([]);
  return ts.createProgram(fileNames, { ...options, ...more });
}

function messagesOf(program: ts.Program, file: string): string[] {
  const source = program.getSourceFile(file);
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
    ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "),
  );
}

const good = `
import { readFile } from "node:fs/promises";
import { defineHandler, type HandlerContext, type NewTask, PermanentError, RetryAfter, Snooze, type Task, z } from "fiscaut-tasks";
import { shout } from "./_shout.ts";

type IsAny<T> = 0 extends 1 & T ? true : false;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export default defineHandler({
  name: "report.monthly",
  payload: z.object({ company: z.int(), month: z.iso.date(), format: z.enum(["pdf", "csv"]).default("pdf") }),
  timeoutMs: 60_000,
  backoff: "exponential:1s..1h~10%",
  isolate: true,
  async run(payload, context) {
    const exact: Same<typeof payload, { company: number; month: string; format: "pdf" | "csv" }> = true;
    const contextIsKnown: Same<typeof context, HandlerContext> = true;
    const nothingIsAny: false = false as
      | IsAny<typeof payload> | IsAny<NewTask> | IsAny<NewTask["payload"]> | IsAny<Task> | IsAny<typeof context.task>
      | IsAny<typeof z> | IsAny<typeof fetch> | IsAny<typeof console> | IsAny<typeof process> | IsAny<typeof Bun>;
    if (payload.company < 0) throw new PermanentError("no such company");
    if (new Date().getHours() < 8) throw new Snooze(3_600_000);
    const answer = await fetch("http://127.0.0.1/report", { signal: context.signal });
    if (answer.status === 429) throw new RetryAfter(60_000, "busy");
    context.log(shout("asked"), { status: answer.status });
    context.progress(0.5, "half");
    const { id } = await context.enqueue({ name: "report.send", payload: { to: "a@b.example" }, delayMs: 1_000, key: \`report:\${context.task.id}\` });
    const next: Task | undefined = await context.tasks.find(id);
    setTimeout(() => console.log(process.env["HOME"], Buffer.from("x")), 10);
    const own = new AbortController();
    own.abort();
    return { exact, contextIsKnown, nothingIsAny, next: next?.state, text: await readFile("a", "utf8"), file: await Bun.file("b").text() };
  },
});
`;

/** By hand, as another library would have it. */
const otherSchema = `
import { defineHandler, type PayloadSchema } from "fiscaut-tasks";
declare const schema: PayloadSchema<{ at: Date }>;
export default defineHandler({ payload: schema, run: ({ at }) => at.getTime() });
`;

const hooks = `
import type { Moment } from "fiscaut-tasks";
export default function (moment: Moment) {
  if (moment.kind === "failed") console.log(moment.task.id, moment.message);
}
`;

/** Each a whole file with one mistake, and what the compiler must say of it. */
const mistakes: Record<string, [text: string, message: string]> = {
  "a payload's member that its schema lacks": [
    `export default defineHandler({ payload: z.object({ company: z.int() }), run: async ({ compny }) => compny });`,
    "Property 'compny' does not exist on type '{ company: number; }'",
  ],
  "a payload's member used as another type": [
    `export default defineHandler({ payload: z.object({ company: z.int() }), run: async (p) => p.company.trim() });`,
    "Property 'trim' does not exist on type 'number'",
  ],
  "a payload that has no schema": [
    `export default defineHandler({ run: async (payload) => payload.company });`,
    "'payload' is of type 'unknown'",
  ],
  "a verb that the context lacks": [
    `export default defineHandler({ run: async (_, context) => context.enque({ name: "a" }) });`,
    "Property 'enque' does not exist on type 'HandlerContext'",
  ],
  "a verb of the tasks that does not exist": [
    `export default defineHandler({ run: async (_, { tasks }) => tasks.stop(1) });`,
    "Property 'stop' does not exist on type 'TaskControl'",
  ],
  "an option that enqueue does not take": [
    `export default defineHandler({ run: async (_, { enqueue }) => enqueue({ name: "a", delay: 5 }) });`,
    "'delay' does not exist in type",
  ],
  "an enqueue without a name": [
    `export default defineHandler({ run: async (_, { enqueue }) => enqueue({ payload: 1 }) });`,
    "Property 'name' is missing",
  ],
  "an option that a handler does not take": [
    `export default defineHandler({ timeout: 5, run: async () => {} });`,
    "'timeout' does not exist in type",
  ],
  "a schema that is none": [
    `export default defineHandler({ payload: { company: "number" }, run: async () => {} });`,
    "'company' does not exist in type",
  ],
  "a method that zod lacks": [
    `export default defineHandler({ payload: z.string().minimum(1), run: async () => {} });`,
    "Property 'minimum' does not exist on type 'ZodString'",
  ],
  "a delay that is no number": [`throw new Snooze("1h");`, "'string' is not assignable"],
  "a global that is not there": [`document.title = "x";`, "Cannot find name 'document'"],
};

describe("a folder with the types", () => {
  let folder: string;
  let program: ts.Program;
  beforeAll(async () => {
    folder = makeFolder();
    await writeEditorFiles(folder);
    await write(folder, "good.ts", good);
    await write(folder, "_shout.ts", "export const shout = (text: string) => text.toUpperCase();\n");
    await write(folder, "other-schema.ts", otherSchema);
    await write(folder, "hooks.ts", hooks);
    for (const [index, [text]] of Object.values(mistakes).entries())
      await write(
        folder,
        `mistake-${index}.ts`,
        `import { defineHandler, Snooze, z } from "fiscaut-tasks";\nexport const used = [defineHandler, Snooze, z];\n${text}\n`,
      );
    program = openProgram(folder);
  }, 60_000);

  test("passes good handlers and hooks, in which nothing is any", () => {
    for (const file of ["good.ts", "_shout.ts", "other-schema.ts", "hooks.ts"])
      expect([file, ...messagesOf(program, join(folder, file))]).toEqual([file]);
    expect(program.getGlobalDiagnostics()).toEqual([]);
  });

  for (const [index, [what, [, message]]] of Object.entries(mistakes).entries())
    test(`finds ${what}`, () => {
      const found = messagesOf(program, join(folder, `mistake-${index}.ts`));
      expect(found).toHaveLength(1);
      expect(found[0]).toContain(message);
    });

  test("shows the doc comments", () => {
    const declarations = program.getSourceFile(join(folder, "fiscaut-tasks.d.ts"));
    const text = declarations?.text ?? "";
    for (const doc of [
      "Aborted at the time-out, on cancel and when the worker stops",
      "What its tasks are named. Left out: as the file, without its extension.",
      "Thrown by a handler when no further attempt can help",
      "Runs this long from now, by the database's clock",
    ])
      expect(text).toContain(doc);
  });
});

test("the declarations are correct in themselves, and need no other file than the runtime's types", async () => {
  const folder = makeFolder();
  await writeEditorFiles(folder);
  const file = join(folder, "fiscaut-tasks.d.ts");
  expect(messagesOf(openProgram(folder, { skipLibCheck: false }), file)).toEqual([]);
  expect(await Bun.file(file).text()).not.toMatch(/^\s*(import|export .* from) /m);
});
