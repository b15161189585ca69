/** The fenced blocks of a Markdown file, in their order. What is done with them is their readers' affair. */
import { readFileSync } from "node:fs";

export interface Block {
  /** Such as `sh`. */
  readonly language: string;
  /** Ends with a line break. */
  readonly text: string;
  /** The `##` heading that it stands under. */
  readonly section: string;
}

export function readBlocks(path: string): Block[] {
  let section = "";
  const blocks: Block[] = [];
  for (const [, heading, language = "", text = ""] of readFileSync(path, "utf8").matchAll(
    /^## ([^\n]*)$|^```(\w*)\n(.*?)^```$/gms,
  )) {
    if (heading !== undefined) section = heading;
    else blocks.push({ language, text, section });
  }
  return blocks;
}

export const linesOf = ({ text }: Block) => text.trimEnd().split("\n");
