/** The examples of the README, as it has them: whoever changes one changes what the tests run. */
import { resolve } from "node:path";
import { readBlocks } from "../../test/e2e/markdown-blocks.ts";

const README = resolve(import.meta.dir, "../../README.md");

/** The folder of exports that the examples name. */
export const EXAMPLE_FOLDER = "/data";

/**
 * The code of the one block of the README in `language` that holds `words`.
 * @throws Error when there is none, or more than one.
 */
export function readExample(language: string, words: string): string {
  const found = readBlocks(README).filter(
    (block) => block.language === language && block.text.includes(words),
  );
  const [only] = found;
  if (found.length !== 1 || only === undefined) {
    throw new Error(`the README has ${found.length} blocks of ${language} with "${words}", not one`);
  }
  return only.text;
}
