/** What a child's end means: its output as a result, its exit code and last lines as an error. */
import type { Subprocess } from "bun";
import { checkNesting } from "../../task/doors/new-task.ts";

/** As much of a line as is told. */
export const maxLineLength = 2_000;
const keptLines = 20;

/** JSON, where it is that; else the text. */
export function resultOf(printed: string): unknown {
  const text = printed.trim();
  if (text === "") return null;
  try {
    const value: unknown = JSON.parse(text);
    // Deeper than Postgres bears it is stored as text.
    checkNesting(value);
    return value;
  } catch {
    return text;
  }
}

/** What a child has said last explains its error. */
export class LastLines {
  #lines: string[] = [];

  take(line: string): void {
    if (this.#lines.push(line) > keptLines) this.#lines.shift();
  }

  /** Where nothing else was said. */
  takeAll(text: string): void {
    for (const line of text.split("\n").map((line) => line.trimEnd().slice(0, maxLineLength)))
      if (line !== "") this.take(line);
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** What has ended the child, and its last words. */
  describe({ exitCode, signalCode }: Subprocess): string {
    const ended = signalCode === null ? `exit code ${exitCode}` : `ended by ${signalCode}`;
    const last = this.#lines.at(-1);
    return last === undefined ? ended : `${ended}: ${last}`;
  }

  /** Both are stored with the task: the lines stand where an error has its stack. */
  explain(error: Error): Error {
    if (this.isEmpty) delete error.stack;
    else error.stack = this.#lines.join("\n");
    return error;
  }
}
