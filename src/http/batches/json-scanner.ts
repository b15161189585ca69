/**
 * Walks a JSON text that comes in chunks, a value at a time, in the memory of one value. It only finds where values end;
 * what they are is `JSON.parse`'s affair, and which are expected the caller's.
 */
import { maxTaskBytes, parseJson, tooLong } from "../../task/doors/json-lines.ts";
import { Problem } from "../problem.ts";

const code = (character: string) => character.charCodeAt(0);
const quote = code('"');
const backslash = code("\\");
const comma = code(",");
const isOpening = (byte: number) => byte === code("[") || byte === code("{");
const isClosing = (byte: number) => byte === code("]") || byte === code("}");
const isBlank = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

export interface ScannedValue {
  value: unknown;
  /** Its length in the text. */
  bytes: number;
}

export class JsonScanner {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** What has come and was not taken yet, from `#at` on. */
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Takes `character` if it is the next one after blanks. */
  async takes(character: string): Promise<boolean> {
    if ((await this.#peek()) !== code(character)) return false;
    this.#at += 1;
    return true;
  }

  /** @throws Problem 400 when something else comes next. */
  async expect(character: string, where: string): Promise<void> {
    if (!(await this.takes(character))) throw await this.#unexpected(`expected ${character} ${where}`);
  }

  /** @throws Problem 400 when anything but blanks is left. */
  async expectEnd(): Promise<void> {
    if ((await this.#peek()) !== undefined) throw await this.#unexpected("expected nothing after its end");
  }

  /**
   * Takes the value that comes next.
   * @throws OperatorError "usage", naming `place`, when it is no JSON or too long.
   */
  async value(place: string): Promise<ScannedValue> {
    await this.#peek();
    const bytes = await this.#findEnd(place);
    const text = this.#buffer.subarray(this.#at, this.#at + bytes);
    this.#at += bytes;
    return { value: parseJson(text, place), bytes };
  }

  async #peek(): Promise<number | undefined> {
    for (;;) {
      while (isBlank(this.#buffer[this.#at] ?? 0)) this.#at += 1;
      if (this.#at < this.#buffer.length) return this.#buffer[this.#at];
      if (!(await this.#readMore())) return undefined;
    }
  }

  /** How many bytes the value has that starts here. One that is cut off ends with the text. */
  async #findEnd(place: string): Promise<number> {
    let bytes = 0;
    let depth = 0;
    let inString = false;
    for (;;) {
      for (; this.#at + bytes < this.#buffer.length; bytes++) {
        const byte = this.#buffer[this.#at + bytes] ?? 0;
        if (inString) {
          if (byte === backslash) bytes += 1;
          else if (byte === quote) inString = false;
          if (inString || depth > 0) continue;
          return bytes + 1;
        }
        // The end of a number or a word.
        if (depth === 0 && (byte === comma || isClosing(byte) || isBlank(byte))) return bytes;
        if (byte === quote) inString = true;
        else if (isOpening(byte)) depth += 1;
        else if (isClosing(byte)) depth -= 1;
        else continue;
        if (depth === 0 && !inString) return bytes + 1;
      }
      if (bytes > maxTaskBytes) throw tooLong(place);
      if (!(await this.#readMore())) return this.#buffer.length - this.#at;
    }
  }

  async #readMore(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done) return false;
    this.#buffer = Buffer.concat([this.#buffer.subarray(this.#at), value]);
    this.#at = 0;
    return true;
  }

  async #unexpected(what: string): Promise<Problem> {
    const next = await this.#peek();
    const found = next === undefined ? "it ends" : JSON.stringify(String.fromCharCode(next));
    return new Problem(400, `the body is not as it should be: ${what}, but found ${found}`);
  }
}
