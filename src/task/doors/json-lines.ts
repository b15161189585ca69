/**
 * Reads NDJSON, one JSON value a line, in the memory of what comes at once. What a line may ask for is `new-task.ts`'s affair.
 */
import { isUtf8 } from "node:buffer";
import { OperatorError } from "../errors.ts";
import { messageOf } from "../thrown.ts";
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
 * Skips blank lines, and counts them. What has come is read at once, an array of tasks for each part of the stream.
 * @throws OperatorError "usage" for a line that is no JSON, naming it.
 */
export async function* readJsonLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<AskedTask[]> {
  let line = 0;
  for await (const texts of splitLines(bytes)) {
    const asked: AskedTask[] = [];
    for (const text of texts) {
      line += 1;
      const place = `line ${line}`;
      if (text.length > maxTaskBytes) throw tooLong(place);
      if (!text.every(isBlank)) asked.push({ place, task: parseJson(text, place), bytes: text.length });
    }
    if (asked.length > 0) yield asked;
  }
}

/**
 * Those that each part of the stream ends, without their line feeds. One that grows beyond what is allowed comes out as far as
 * it got: it is refused by its length.
 */
async function* splitLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer[]> {
  let started: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    const chunk = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const lines: Buffer[] = [];
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      const rest = chunk.subarray(from, end);
      lines.push(started.length === 0 ? rest : Buffer.concat([...started, rest]));
      started = [];
      size = 0;
      from = end + 1;
    }
    if (from < chunk.length) {
      started.push(chunk.subarray(from));
      size += chunk.length - from;
      if (size > maxTaskBytes) lines.push(Buffer.concat(started));
    }
    if (lines.length > 0) yield lines;
  }
  if (started.length > 0) yield [Buffer.concat(started)];
}

const lineFeed = 0x0a;
/** As JSON has it. */
export const isBlank = (byte: number) => byte === 0x20 || byte === lineFeed || byte === 0x0d || byte === 0x09;

const byteOrderMark = "\ufeff";

/** @throws OperatorError "usage", naming `place`. */
export function parseJson(bytes: Buffer, place: string): unknown {
  // By this and not by TextDecoder, which takes as long for a line as all else that is done with it.
  if (!isUtf8(bytes)) throw new OperatorError("usage", `${place} is not JSON: it is not UTF-8`);
  const text = bytes.toString();
  try {
    return JSON.parse(text.startsWith(byteOrderMark) ? text.slice(1) : text);
  } catch (error) {
    throw new OperatorError("usage", `${place} is not JSON: ${messageOf(error)}`);
  }
}

export const tooLong = (place: string) =>
  new OperatorError("usage", `${place} is longer than ${maxTaskBytes} bytes`, {
    hint: "store the bulk elsewhere and enqueue a reference to it",
  });
