/**
 * The tasks of a batch as they go into one statement: made ready for it as soon as they are checked, so that little is
 * left to do in the transaction. Storing them is `insert-batch.ts`'s work.
 */
import type { StorableTask } from "../../task/doors/new-task.ts";
import type { LaneCount } from "../../task/events.ts";
import { insertParameters } from "../task-columns.ts";
import { isFuture, waits } from "./enqueue.ts";
import { hasKey } from "./enqueue-once.ts";

/** Of what JSON has, but for the tasks' instants. */
export type TaskChunk =
  | {
      kind: "ready";
      count: number;
      lanes: LaneCount[];
      /** Some of them are not due. */
      future: boolean;
      /** Of `insertStatement`. */
      parameters: string[];
    }
  /** What is done with them is decided by what is stored. */
  | { kind: "tasks"; tasks: StorableTask[] };

export type TaskChunks = Iterable<TaskChunk> | AsyncIterable<TaskChunk>;

/** Large enough that round trips don't count, small enough that memory doesn't; large payloads end a chunk earlier. */
export const chunkLimits = {
  items: 1000,
  bytes: { most: 4 * 1024 * 1024, of: ({ payloadJson }: StorableTask) => payloadJson.length },
};

export function toChunk(tasks: StorableTask[]): TaskChunk {
  if (tasks.some((task) => hasKey(task) || waits(task))) return { kind: "tasks", tasks };
  const lanes = new LaneCounts();
  for (const task of tasks) lanes.add(task);
  return {
    kind: "ready",
    count: tasks.length,
    lanes: lanes.counts(),
    future: tasks.some(isFuture),
    parameters: insertParameters(tasks),
  };
}

/** Each as it comes. */
export async function* toChunks(tasks: AsyncIterable<StorableTask[]>): AsyncGenerator<TaskChunk> {
  for await (const chunk of tasks) yield toChunk(chunk);
}

/** How many tasks of one name went into one queue. */
export class LaneCounts {
  readonly #lanes = new Map<string, LaneCount>();
  #last: LaneCount | undefined;

  add({ name, queue }: Pick<LaneCount, "name" | "queue">, count = 1): void {
    if (this.#last?.name !== name || this.#last.queue !== queue) {
      // Neither may hold a space.
      const key = `${name} ${queue}`;
      this.#last = this.#lanes.get(key) ?? { name, queue, count: 0 };
      this.#lanes.set(key, this.#last);
    }
    this.#last.count += count;
  }

  counts(): LaneCount[] {
    return [...this.#lanes.values()];
  }
}
