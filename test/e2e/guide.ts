/**
 * The operator's guide, README.pt-BR.md, as its tests take it: which of them runs which block, what its reader fills in, and
 * whether an answer is the one that is quoted. Running the lines is theirs: `guide.test.ts`, `scripts/service/` for what
 * needs a service manager, `scripts/windows/`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Block, linesOf, readBlocks } from "./markdown-blocks.ts";

export const GUIDE = resolve(import.meta.dir, "../../README.pt-BR.md");

/** `quoted` is what commands answer, or what stands in a file: not run, but held against it. */
export type Taker = "reader" | "service" | "wine" | "quoted" | "configuration";

export interface Step {
  readonly section: string;
  /** Whole lines, each a command. */
  readonly commands: readonly string[];
  /** Lines of which each stands in what the commands print, `...` for anything. */
  readonly quoted: readonly string[];
}

export function takerOf({ language, text }: Block): Taker {
  switch (language) {
    case "sh":
      return /\bservice (?!print\b)/.test(text) ? "service" : "reader";
    case "bat":
      return "wine";
    case "text":
    case "ini":
      return "quoted";
    case "toml":
      return "configuration";
    default:
      throw new Error(`nobody takes a block of "${language}":\n${text}`);
  }
}

/** The guide's commands for those who are named, in its order, each block with what is quoted after it. */
export function readSteps(...takers: Taker[]): Step[] {
  const steps: { block: Block; quoted: string[] }[] = [];
  for (const block of readBlocks(GUIDE)) {
    const taker = takerOf(block);
    if (taker === "quoted") steps.at(-1)?.quoted.push(...linesOf(block));
    else if (taker !== "configuration") steps.push({ block, quoted: [] });
  }
  return steps
    .filter(({ block }) => takers.includes(takerOf(block)))
    .map(({ block, quoted }) => ({ section: block.section, commands: linesOf(block), quoted }));
}

/**
 * `written`, which `config init` has made, with the guide's settings filled in, and `others` added.
 * @throws Error when one of the guide's is not in it.
 */
export function fillIn(written: string, replace: (text: string) => string, others = ""): string {
  const [block] = readBlocks(GUIDE).filter((each) => takerOf(each) === "configuration");
  if (block === undefined) throw new Error("the guide has no configuration");
  const lines = linesOf(block);
  let filled = written;
  for (const line of lines) {
    const [key = ""] = line.split(" =");
    if (!filled.includes(`\n#${key} = `)) throw new Error(`config init writes no line for ${key}`);
    filled = filled.replace(new RegExp(`^#${key} = .*$`, "m"), () => replace(line));
  }
  return filled.replace("\n", () => `\n${others}`);
}

/** The sample's tables with their first records alone, as the reader's source: each one costs the tests time. */
export function writeRecords(folder: string): void {
  const sample = resolve(import.meta.dir, "../../scripts/demo/data");
  mkdirSync(folder, { recursive: true });
  for (const table of readdirSync(sample)) {
    const lines = readFileSync(join(sample, table), "utf8").split("\n");
    writeFileSync(join(folder, table), `${lines.slice(0, 21).join("\n")}\n`);
  }
}

/** @returns the quoted lines that nothing of what was printed matches. */
export const missingIn = (printed: string, quoted: readonly string[]): string[] =>
  quoted.filter((line) => !new RegExp(line.split("...").map(RegExp.escape).join(".*")).test(printed));
