/**
 * Keeps the tasks of a batch until all of them have come and were checked: in memory, or a temporary file when they are
 * many. So a slow upload holds neither a connection nor a transaction, which would keep vacuum from what claims walk
 * over. Storing them is `enqueue.ts`'s work.
 */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readJsonLines } from "../../task/doors/json-lines.ts";
import type { CheckedTask } from "../../task/doors/new-task.ts";
import { OperatorError } from "../../task/errors.ts";

/** More than that goes to the file. */
const memoryBytes = 2 * 1024 * 1024;

/** Dispose of it in any case: the file goes with it. */
export class TaskSpool implements AsyncDisposable {
  /** Of its first task. */
  firstName: string | undefined;
  #lines: string[] = [];
  #bytes = 0;
  #folder: string | undefined;
  #file: FileHandle | undefined;

  /**
   * Takes all that `chunks` brings; what it throws is thrown, with nothing left behind.
   * @throws OperatorError "failed" when the temporary folder can't be written.
   */
  static async fill(chunks: AsyncIterable<CheckedTask[]>): Promise<TaskSpool> {
    const spool = new TaskSpool();
    try {
      for await (const chunk of chunks) {
        spool.firstName ??= chunk[0]?.name;
        for (const task of chunk) spool.#add(JSON.stringify(task));
        if (spool.#bytes > memoryBytes) await spool.#spill();
      }
      return spool;
    } catch (error) {
      await spool[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** In the order in which they came. */
  async *tasks(): AsyncGenerator<CheckedTask> {
    if (this.#file !== undefined) {
      const bytes = this.#file.createReadStream({ start: 0, autoClose: false });
      for await (const { task } of readJsonLines(bytes)) yield revive(task as Stored);
    }
    for (const line of this.#lines) yield revive(JSON.parse(line) as Stored);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  async #makeFile(): Promise<FileHandle> {
    this.#folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-batch-"));
    // Payloads are nobody else's affair.
    const file = await open(join(this.#folder, "tasks.ndjson"), "a+", 0o600);
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
      throw new OperatorError("failed", `the batch can't be kept in ${tmpdir()} until it is checked`, {
        hint: "make room there, or name another folder by TMPDIR (TEMP on Windows)",
        cause: error,
      });
    }
    this.#lines = [];
    this.#bytes = 0;
  }
}

/** A task as JSON has it. */
type Stored = Omit<CheckedTask, "runAt" | "repeatUntil"> & { runAt?: string; repeatUntil?: string };

function revive({ runAt, repeatUntil, ...task }: Stored): CheckedTask {
  return {
    ...task,
    ...(runAt !== undefined && { runAt: new Date(runAt) }),
    ...(repeatUntil !== undefined && { repeatUntil: new Date(repeatUntil) }),
  };
}
