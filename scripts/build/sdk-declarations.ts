/**
 * Rolls the types of the module "fiscaut-tasks" up into one declaration file that needs no package, Zod's included.
 * How it reaches an operator's folder is for `src/handlers/editor-files.ts`.
 */
import { join } from "node:path";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { version } from "../../package.json" with { type: "json" };
import { readPin } from "./npm-package.ts";
import { ROOT } from "./paths.ts";

/** What `src/handlers/sdk.ts` exports, doc comments and all, as `declare module "fiscaut-tasks"`. */
export async function bundleDeclarations(): Promise<string> {
  const bundle = await rollup({
    input: join(ROOT, "src/handlers/sdk.ts"),
    plugins: [dts({ tsconfig: join(ROOT, "tsconfig.json"), includeExternal: ["zod"] })],
    onwarn: (warning) => {
      throw new Error(`the declarations of fiscaut-tasks: ${warning.message}`);
    },
  });
  const { output } = await bundle.generate({ format: "es" });
  await bundle.close();
  const zod = await readPin("zod");
  return [
    `// The types of fiscaut-tasks ${version}, written by "fiscaut-tasks handlers types", which renews this file.`,
    `// Zod ${zod.version} is included: MIT License, Copyright (c) 2025 Colin McDonnell.`,
    'declare module "fiscaut-tasks" {',
    toModuleBody(output[0].code),
    "}\n",
  ].join("\n");
}

function toModuleBody(code: string): string {
  return (
    code
      .trim()
      // What a file says of itself, which stands before a blank line or another comment, is not for operators.
      .replaceAll(/^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n(?=\n|\/\*\*)/gm, "")
      // Everything in a declared module is declared.
      .replaceAll(/^declare /gm, "")
      // The plugin's aliases for the members of a namespace copy `in` and `out`, which an alias can't have.
      .replaceAll(/^type [\w$]+<.*> = [\w$]+<.*>;$/gm, (alias) =>
        alias.replaceAll(/([<,] *)(?:in |out )+/g, "$1"),
      )
  );
}
