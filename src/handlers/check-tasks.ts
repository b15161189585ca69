/**
 * Checks the tasks of a batch at a door, a chunk at a time, so that one that is no good is named by its place before
 * anything is stored. Reading them is left to the door.
 */
import type { AskedTask } from "../task/doors/json-lines.ts";
import { type CheckedTask, checkStorableTask, type StorableTask } from "../task/doors/new-task.ts";
import { OperatorError } from "../task/errors.ts";
import { inOtherChunks } from "../task/in-chunks.ts";
import { type PayloadCheck, PayloadRefused } from "./payload.ts";

export interface CheckOptions {
  checkPayloads: PayloadCheck;
  /** Turns what a caller says into what is stored. */
  turn: <Task extends CheckedTask>(task: Task) => Task;
  /** Members of a task that leaves them out. */
  defaults?: Record<string, unknown>;
}

/** Whichever of the two is reached first ends a chunk: round trips don't count, and memory doesn't. */
const chunkLimits = { items: 1000, bytes: { most: 4 * 1024 * 1024, of: ({ bytes }: AskedTask) => bytes } };

/** @throws OperatorError "usage", naming the first task that is no good. */
export async function* checkTasks(
  asked: AsyncIterable<AskedTask[]>,
  { defaults = {}, ...options }: CheckOptions,
): AsyncGenerator<StorableTask[]> {
  const complete = completeBy(defaults);
  for await (const chunk of inOtherChunks(asked, chunkLimits)) {
    const completed = chunk.map(({ place, task }) => ({ place, task: complete(task) }));
    yield await checkChunk(completed, options);
  }
}

/**
 * A batch's `whenComplete`.
 * @throws OperatorError "usage", naming it.
 */
export async function checkCompletion(
  task: unknown,
  options: Omit<CheckOptions, "defaults">,
): Promise<CheckedTask | undefined> {
  if (task === undefined) return undefined;
  const [checked] = await checkChunk([{ place: "whenComplete", task }], options);
  return checked;
}

async function checkChunk(
  chunk: Omit<AskedTask, "bytes">[],
  { checkPayloads, turn }: Omit<CheckOptions, "defaults">,
): Promise<(CheckedTask & StorableTask)[]> {
  const tasks = chunk.map(({ place, task }) => turn(checkAt(place, task)));
  await checkPayloads(tasks).catch((error) => {
    throw error instanceof PayloadRefused ? placed(error, chunk[error.index]?.place) : error;
  });
  return tasks;
}

function checkAt(place: string, task: unknown): CheckedTask & StorableTask {
  try {
    return checkStorableTask(task);
  } catch (error) {
    throw error instanceof OperatorError ? placed(error, place) : error;
  }
}

function placed({ kind, message, hint }: OperatorError, place: string | undefined): OperatorError {
  return new OperatorError(kind, `${place}: ${message}`, hint === undefined ? {} : { hint });
}

/** Members that exclude each other: the task's own puts the default of the other aside. */
const alternatives = [
  ["runAt", "delayMs"],
  ["key", "keyOf"],
];

/** @returns what adds to a task the defaults that it leaves out. */
function completeBy(defaults: Record<string, unknown>): (task: unknown) => unknown {
  const given = Object.entries(defaults).filter(([, value]) => value !== undefined);
  const always = Object.fromEntries(given);
  const excluding = alternatives.filter((group) => given.some(([member]) => group.includes(member)));
  return (task) => {
    if (given.length === 0 || typeof task !== "object" || task === null || Array.isArray(task)) return task;
    const needless = excluding.filter((group) => group.some((member) => member in task)).flat();
    const kept =
      needless.length === 0
        ? always
        : Object.fromEntries(given.filter(([member]) => !needless.includes(member)));
    return { ...kept, ...task };
  };
}
