/** The README's walk through handlers of one's own: its files and its command lines. */
import { resolve } from "node:path";
import { linesOf, readBlocks } from "./markdown-blocks.ts";

export interface Walk {
  /** Of the README's files, by their path in the reader's folder. */
  readonly files: ReadonlyMap<string, string>;
  /** The README's command lines, in their order. */
  readonly commands: readonly string[];
}

/** A block whose comment names a path in `handlers/` is that file; all other lines of `sh` blocks are commands. */
export function readWalk(): Walk {
  const files = new Map<string, string>();
  const commands: string[] = [];
  for (const block of readBlocks(resolve(import.meta.dir, "../../README.md"))) {
    if (block.section !== "Handlers of your own") continue;
    const path = /^(?:#!.*\n)?(?:\/\/|#) (handlers\/\S+)$/m.exec(block.text)?.[1];
    if (path !== undefined) files.set(path, block.text);
    else if (block.language === "sh") commands.push(...linesOf(block));
  }
  return { files, commands };
}
