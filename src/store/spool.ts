/**
 * Keeps texts until all of them have come: in memory, or a temporary file when they are many. So a slow caller or source
 * holds neither a connection nor a transaction, which would keep vacuum from what claims walk over. What they say, and
 * storing that, is left to the verbs.
 */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatorError } from "../task/errors.ts";

/** More than that goes to the file. */
const memoryBytes = 2 * 1024 * 1024;
const separator = "\0";

/** Dispose of it in any case: the file goes with it. */
export class Spool implements AsyncDisposable {
  readonly #what: string;
  #texts: string[] = [];
  #bytes = 0;
  /** What was put into the file at once, in bytes. */
  readonly #written: number[] = [];
  #folder: string | undefined;
  #file: FileHandle | undefined;

  private constructor(what: string) {
    this.#what = what;
  }

  /**
   * Takes all that `chunks` brings; what it throws is thrown, with nothing left behind.
   * @param chunks texts that hold no NUL, which Postgres takes neither.
   * @param what it is, for the message: "the batch".
   * @throws OperatorError "failed" when the temporary folder can't be written.
   */
  static async fill(what: string, chunks: AsyncIterable<string[]>): Promise<Spool> {
    const spool = new Spool(what);
    try {
      for await (const chunk of chunks) {
        for (const text of chunk) spool.#add(text);
        if (spool.#bytes > memoryBytes) await spool.#spill();
      }
      return spool;
    } catch (error) {
      await spool[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** In the order in which they came, as many as were written at once. */
  async *texts(): AsyncGenerator<string[]> {
    let from = 0;
    for (const bytes of this.#written) {
      const part = Buffer.allocUnsafe(bytes);
      const read = await this.#file?.read(part, 0, bytes, from);
      if (read?.bytesRead !== bytes) throw new Error(`${this.#what} was cut off in ${tmpdir()}`);
      yield part.toString().split(separator);
      from += bytes;
    }
    if (this.#texts.length > 0) yield this.#texts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  async #makeFile(): Promise<FileHandle> {
    this.#folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-spool-"));
    // What it holds is nobody else's affair.
    const file = await open(join(this.#folder, "texts"), "a+", 0o600);
    // So that none is left behind, however this process ends. Windows keeps the name of an open file.
    if (process.platform !== "win32") await rm(this.#folder, { recursive: true, force: true });
    return file;
  }

  #add(text: string): void {
    this.#texts.push(text);
    this.#bytes += text.length;
  }

  async #spill(): Promise<void> {
    try {
      this.#file ??= await this.#makeFile();
      const part = Buffer.from(this.#texts.join(separator));
      await this.#file.appendFile(part);
      this.#written.push(part.length);
    } catch (error) {
      throw new OperatorError("failed", `${this.#what} can't be kept in ${tmpdir()} until it is checked`, {
        hint: "make room there, or name another folder by TMPDIR (TEMP on Windows)",
        cause: error,
      });
    }
    this.#texts = [];
    this.#bytes = 0;
  }
}
