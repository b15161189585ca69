/** `handlers types DIR`: lets an editor check the files there without npm. What it writes is `handlers/editor-files.ts`'s. */
import { resolve } from "node:path";
import { defineCommand } from "citty";
import { type EditorFiles, writeEditorFiles } from "../../../handlers/editor-files.ts";
import { printJson, printLine } from "../../output/print.ts";

export const typesCommand = defineCommand({
  meta: {
    name: "handlers types",
    description: "Write what an editor needs to check handlers as you type",
    examples: ["fiscaut-tasks handlers types handlers"],
  },
  args: {
    dir: {
      type: "positional",
      required: true,
      description: "The handlers' folder; made where it is missing",
      path: "folder",
    },
    json: { type: "boolean", description: "Print JSON" },
  },
  async run({ args }) {
    const folder = resolve(args.dir);
    const written = await writeEditorFiles(folder);
    if (args.json) printJson({ folder, ...written });
    else for (const line of describe(args.dir, folder, written)) printLine(line);
  },
});

function* describe(dir: string, folder: string, { files, advice }: EditorFiles): Generator<string> {
  yield folder;
  for (const { name, outcome } of files) yield `  ${outcome.padEnd(9)}  ${name}`;
  if (Object.keys(advice).length > 0) {
    yield "\nThat tsconfig.json is your own and was left alone. For its compilerOptions:";
    for (const [name, value] of Object.entries(advice)) yield `  "${name}": ${JSON.stringify(value)},`;
  }
  yield `
Open the folder in an editor that knows TypeScript, such as VS Code, and write a handler, such as ${dir}/hello.ts:

  import { defineHandler, z } from "fiscaut-tasks";

  export default defineHandler({
    payload: z.object({ name: z.string() }),
    async run({ name }) {
      return \`Hello, \${name}\`;
    },
  });

Then: fiscaut-tasks run --handlers ${dir}`;
}
