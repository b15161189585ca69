/**
 * Reads NDJSON, one JSON value a line, in the memory of one line. What a line may ask for is `new-task.ts`'s affair.
 */
import { OperatorError } from "../errors.ts";
import { maxPayloadBytes } from "./new-task.ts";

/** What a caller has written for one task of a batch. */
export interface AskedTask {
  /** Where, for the message that refuses it: `line 3`, `tasks[2]`. */
  place: string;
  task: unknown;
  /** How long it was there. */
  bytes: number;
}

/** A task's largest payload, and room for the rest of the task. */
export const maxTaskBytes = maxPayloadBytes + 64 * 1024;

/**
 * Skips blank lines, and counts them.
 * @throws OperatorError "usage" for a line that is no JSON, naming it.
 */
export async function* readJsonLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<AskedTask> {
  let line = 0;
  for await (const text of splitLines(bytes)) {
    line += 1;
    const place = `line ${line}`;
    if (text.length > maxTaskBytes) throw tooLong(place);
    if (isBlank(text)) continue;
    yield { place, task: parseJson(text, place), bytes: text.length };
  }
}

/** A line that grows beyond what is allowed comes out as far as it got: it is refused by its length. */
async function* splitLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let started: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      const rest = chunk.subarray(from, end);
      yield started.length === 0 ? rest : Buffer.concat([...started, rest]);
      started = [];
      size = 0;
      from = end + 1;
    }
    if (from === chunk.length) continue;
    started.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > maxTaskBytes) yield Buffer.concat(started);
  }
  if (started.length > 0) yield Buffer.concat(started);
}

const lineFeed = 0x0a;
const blanks = [0x20, 0x09, 0x0d];
const isBlank = (line: Uint8Array) => line.every((byte) => blanks.includes(byte));

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @throws OperatorError "usage", naming `place`. */
export function parseJson(bytes: Uint8Array, place: string): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "it is not UTF-8";
    throw new OperatorError("usage", `${place} is not JSON: ${reason}`);
  }
}

export const tooLong = (place: string) =>
  new OperatorError("usage", `${place} is longer than ${maxTaskBytes} bytes`, {
    hint: "store the bulk elsewhere and enqueue a reference to it",
  });
