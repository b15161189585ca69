/**
 * Keeps the tasks of a batch until all of them have come and were checked, as `spool.ts` does. Storing them is
 * `enqueue-batch.ts`'s work.
 */
import type { CheckedTask } from "../../task/doors/new-task.ts";
import { Spool } from "../spool.ts";

/** Dispose of it in any case. */
export class TaskSpool implements AsyncDisposable {
  /** Of its first task. */
  readonly firstName: string | undefined;
  readonly #spool: Spool;

  private constructor(spool: Spool, firstName: string | undefined) {
    this.#spool = spool;
    this.firstName = firstName;
  }

  /** @throws as `Spool.fill` does. */
  static async fill(chunks: AsyncIterable<CheckedTask[]>): Promise<TaskSpool> {
    let firstName: string | undefined;
    async function* named() {
      for await (const chunk of chunks) {
        firstName ??= chunk[0]?.name;
        yield chunk;
      }
    }
    const spool = await Spool.fill("the batch", named());
    return new TaskSpool(spool, firstName);
  }

  /** In the order in which they came. */
  async *tasks(): AsyncGenerator<CheckedTask> {
    for await (const task of this.#spool.items()) yield revive(task as Stored);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool[Symbol.asyncDispose]();
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
