/**
 * The tasks of a batch as they are read, for a source that waits for nobody, such as a file: they are checked while those
 * before them are stored. What may come slowly goes into `task-spool.ts` first.
 */
import type { StorableTask } from "../../task/doors/new-task.ts";
import { type TaskChunk, toChunk, toChunks } from "./task-chunk.ts";

/** Dispose of it in any case: its source is read no further. */
export class TaskStream implements AsyncDisposable {
  /** Of its first task. */
  readonly firstName: string | undefined;
  readonly #first: StorableTask[];
  readonly #rest: AsyncGenerator<StorableTask[]>;

  private constructor(first: StorableTask[], rest: AsyncGenerator<StorableTask[]>) {
    this.#first = first;
    this.#rest = rest;
    this.firstName = first[0]?.name;
  }

  /** @param chunks as `TaskSpool.fill` takes them; what they throw is thrown here, or by `chunks`. */
  static async open(chunks: AsyncGenerator<StorableTask[]>): Promise<TaskStream> {
    const first = await chunks.next();
    return new TaskStream(first.done ? [] : first.value, chunks);
  }

  /** In the order in which they come; once. */
  async *chunks(): AsyncGenerator<TaskChunk> {
    if (this.#first.length > 0) yield toChunk(this.#first);
    yield* toChunks(this.#rest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rest.return(undefined);
  }
}
