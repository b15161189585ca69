/**
 * Walks a JSON text that comes in chunks, a value at a time, in the memory of one value. It only finds where values end;
 * what they are is `JSON.parse`'s affair, and which are expected the caller's.
 */
import { isBlank, maxTaskBytes, parseJson, tooLong } from "../../task/doors/json-lines.ts";
import { Problem } from "../problem.ts";

const code = (character: string) => character.charCodeAt(0);
const quote = code('"');
const backslash = code("\\");
const comma = code(",");
const [openBracket, openBrace] = [code("["), code("{")];
const [closeBracket, closeBrace] = [code("]"), code("}")];
const isOpening = (byte: number) => byte === openBracket || byte === openBrace;
const isClosing = (byte: number) => byte === closeBracket || byte === closeBrace;

export interface ScannedValue {
  value: unknown;
  /** Its length in the text. */
  bytes: number;
}

/** How far a value was scanned. */
interface Scan {
  bytes: number;
  depth: number;
  inString: boolean;
}
const startScan = (): Scan => ({ bytes: 0, depth: 0, inString: false });

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
    await this.#peek();
    return this.takesAtHand(character) ?? false;
  }

  /** The same without waiting; undefined: what comes next is not there yet. */
  takesAtHand(character: string): boolean | undefined {
    const next = this.#peekAtHand();
    if (next === undefined) return undefined;
    const taken = next === code(character);
    if (taken) this.#at += 1;
    return taken;
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
    const scan = startScan();
    while (!this.#scanOn(scan, place))
      // One that is cut off ends with the text.
      if (!(await this.#readMore())) break;
    return this.#take(scan.bytes, place);
  }

  /** The same without waiting; undefined: it is not there as a whole. */
  valueAtHand(place: string): ScannedValue | undefined {
    this.#peekAtHand();
    const scan = startScan();
    return this.#scanOn(scan, place) ? this.#take(scan.bytes, place) : undefined;
  }

  #take(bytes: number, place: string): ScannedValue {
    const text = this.#buffer.subarray(this.#at, this.#at + bytes);
    this.#at += bytes;
    return { value: parseJson(text, place), bytes };
  }

  async #peek(): Promise<number | undefined> {
    for (;;) {
      const next = this.#peekAtHand();
      if (next !== undefined || !(await this.#readMore())) return next;
    }
  }

  #peekAtHand(): number | undefined {
    while (isBlank(this.#buffer[this.#at] ?? 0)) this.#at += 1;
    return this.#buffer[this.#at];
  }

  /** Scans the value that starts here, as far as it is there. @returns whether it ends there, after `scan.bytes`. */
  #scanOn(scan: Scan, place: string): boolean {
    const buffer = this.#buffer;
    const { length } = buffer;
    let { depth, inString } = scan;
    let at = this.#at + scan.bytes;
    let ended = false;
    for (; at < length && !ended; at++) {
      const byte = buffer[at] ?? 0;
      if (inString) {
        if (byte === backslash) at += 1;
        else if (byte === quote) {
          inString = false;
          ended = depth === 0;
        }
      } else if (depth === 0 && (byte === comma || isClosing(byte) || isBlank(byte))) {
        // The end of a number or a word, which is not of it.
        ended = true;
        at -= 1;
      } else if (byte === quote) inString = true;
      else if (isOpening(byte)) depth += 1;
      else if (isClosing(byte)) {
        depth -= 1;
        ended = depth === 0;
      }
    }
    Object.assign(scan, { bytes: at - this.#at, depth, inString });
    if (scan.bytes > maxTaskBytes) throw tooLong(place);
    return ended;
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
