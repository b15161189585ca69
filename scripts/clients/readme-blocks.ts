/** The examples of the README, as it has them: whoever changes one changes what the tests run. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const README = resolve(import.meta.dir, "../../README.md");

/** The folder of exports that the examples name. */
export const EXAMPLE_FOLDER = "/data";

/**
 * The code of the one block of the README in `language` that holds `words`.
 * @throws Error when there is none, or more than one.
 */
export function readExample(language: string, words: string): string {
  const blocks = [...readFileSync(README, "utf8").matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  const found = blocks.filter(([, of, code]) => of === language && code?.includes(words));
  const [code] = found.map((block) => block[2]);
  if (found.length !== 1 || code === undefined) {
    throw new Error(`the README has ${found.length} blocks of ${language} with "${words}", not one`);
  }
  return code;
}
