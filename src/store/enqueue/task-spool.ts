/**
 * Keeps the tasks of a batch until all of them have come and were checked, as `spool.ts` does. Storing them is
 * `enqueue-batch.ts`'s work.
 */
import type { StorableTask } from "../../task/doors/new-task.ts";
import { Spool } from "../spool.ts";
import { type TaskChunk, toChunk } from "./task-chunk.ts";

/** Dispose of it in any case. */
export class TaskSpool implements AsyncDisposable {
  /** Of its first task. */
  readonly firstName: string | undefined;
  readonly #spool: Spool;

  private constructor(spool: Spool, firstName: string | undefined) {
    this.#spool = spool;
    this.firstName = firstName;
  }

  /**
   * @param chunks each is to be stored by one statement, see `chunkLimits`.
   * @throws as `Spool.fill` does.
   */
  static async fill(chunks: AsyncIterable<StorableTask[]>): Promise<TaskSpool> {
    let firstName: string | undefined;
    async function* texts() {
      for await (const chunk of chunks) {
        firstName ??= chunk[0]?.name;
        yield toTexts(toChunk(chunk));
      }
    }
    const spool = await Spool.fill("the batch", texts());
    return new TaskSpool(spool, firstName);
  }

  /** In the order in which they came. */
  async *chunks(): AsyncGenerator<TaskChunk> {
    let head: StoredChunk | undefined;
    let parameters: string[] = [];
    for await (const texts of this.#spool.texts())
      for (const text of texts) {
        if (head === undefined) head = JSON.parse(text) as StoredChunk;
        else parameters.push(text);
        if (head.kind === "ready" && parameters.length < head.parameters) continue;
        yield head.kind === "ready" ? { ...head, parameters } : { ...head, tasks: head.tasks.map(revive) };
        head = undefined;
        parameters = [];
      }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool[Symbol.asyncDispose]();
  }
}

type Ready = Extract<TaskChunk, { kind: "ready" }>;
/** As JSON has it; of a ready one only how many parameters follow, texts that need no parsing. */
type StoredChunk =
  | (Omit<Ready, "parameters"> & { parameters: number })
  | { kind: "tasks"; tasks: StoredTask[] };
type StoredTask = Omit<StorableTask, "runAt" | "repeatUntil"> & { runAt?: string; repeatUntil?: string };

function toTexts(chunk: TaskChunk): string[] {
  if (chunk.kind === "tasks") return [JSON.stringify(chunk)];
  const { parameters, ...head } = chunk;
  return [JSON.stringify({ ...head, parameters: parameters.length }), ...parameters];
}

function revive({ runAt, repeatUntil, ...task }: StoredTask): StorableTask {
  return {
    ...task,
    ...(runAt !== undefined && { runAt: new Date(runAt) }),
    ...(repeatUntil !== undefined && { repeatUntil: new Date(repeatUntil) }),
  };
}
