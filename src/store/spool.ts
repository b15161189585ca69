/**
 * Keeps items until all of them have come: in memory, or a temporary file when they are many. So a slow caller or source
 * holds neither a connection nor a transaction, which would keep vacuum from what claims walk over. Storing them is left
 * to the verbs.
 */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readJsonLines } from "../task/doors/json-lines.ts";
import { OperatorError } from "../task/errors.ts";

/** More than that goes to the file. */
const memoryBytes = 2 * 1024 * 1024;

/** Dispose of it in any case: the file goes with it. */
export class Spool implements AsyncDisposable {
  readonly #what: string;
  #lines: string[] = [];
  #bytes = 0;
  #folder: string | undefined;
  #file: FileHandle | undefined;

  private constructor(what: string) {
    this.#what = what;
  }

  /**
   * Takes all that `chunks` brings; what it throws is thrown, with nothing left behind.
   * @param what it is, for the message: "the batch".
   * @throws OperatorError "failed" when the temporary folder can't be written.
   */
  static async fill(what: string, chunks: AsyncIterable<unknown[]>): Promise<Spool> {
    const spool = new Spool(what);
    try {
      for await (const chunk of chunks) {
        for (const item of chunk) spool.#add(JSON.stringify(item));
        if (spool.#bytes > memoryBytes) await spool.#spill();
      }
      return spool;
    } catch (error) {
      await spool[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** In the order in which they came, and as JSON has them: what it turns to text stays text. */
  async *items(): AsyncGenerator<unknown> {
    if (this.#file !== undefined) {
      const bytes = this.#file.createReadStream({ start: 0, autoClose: false });
      for await (const { task: item } of readJsonLines(bytes)) yield item;
    }
    for (const line of this.#lines) yield JSON.parse(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  async #makeFile(): Promise<FileHandle> {
    this.#folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-spool-"));
    // What it holds is nobody else's affair.
    const file = await open(join(this.#folder, "items.ndjson"), "a+", 0o600);
    // So that none is left behind, however this process ends. Windows keeps the name of an open file.
    if (process.platform !== "win32") await rm(this.#folder, { recursive: true, force: true });
    return file;
  }

  #add(line: string): void {
    this.#lines.push(line);
    this.#bytes += line.length;
  }

  async #spill(): Promise<void> {
    try {
      this.#file ??= await this.#makeFile();
      await this.#file.appendFile(`${this.#lines.join("\n")}\n`);
    } catch (error) {
      throw new OperatorError("failed", `${this.#what} can't be kept in ${tmpdir()} until it is checked`, {
        hint: "make room there, or name another folder by TMPDIR (TEMP on Windows)",
        cause: error,
      });
    }
    this.#lines = [];
    this.#bytes = 0;
  }
}
