/**
 * Enqueues the tasks of a request as one batch, all or none: first all are read and checked, then stored. Reading them
 * is `batch-body.ts`'s work.
 */
import type { Context } from "hono";
import { z } from "zod";
import { checkCompletion, checkTasks } from "../../handlers/check-tasks.ts";
import type { PayloadCheck } from "../../handlers/payload.ts";
import type { Store } from "../../store/connection.ts";
import { enqueueChunks } from "../../store/enqueue/enqueue-batch.ts";
import type { TaskChunk } from "../../store/enqueue/task-chunk.ts";
import { TaskSpool } from "../../store/enqueue/task-spool.ts";
import { checkBatchKey, checkBatchTitle, defaultTitle } from "../../task/doors/batch.ts";
import { type AskedTask, parseJson } from "../../task/doors/json-lines.ts";
import type { CheckedTask } from "../../task/doors/new-task.ts";
import { type PriorityOrder, turnPriority } from "../../task/doors/priority-order.ts";
import { once } from "../../task/once.ts";
import { prolong } from "../answer-limit.ts";
import { Problem, unavailable } from "../problem.ts";
import { readQuery } from "../request.ts";

/** The draft standard's name for what tells a repeated request from a second one. */
export const keyHeader = "idempotency-key";

/** Each holds a connection while it stores, and the worker has few. */
const storedAtOnce = 2;

export interface UploadOptions {
  store: Store;
  checkPayloads: PayloadCheck;
  priorityOrder: PriorityOrder;
}

/** What a batch is asked to be beside its tasks. */
export interface AskedBatch {
  title?: unknown;
  whenComplete?: unknown;
}

export type EnqueueUpload = (
  c: Context,
  asked: AsyncIterable<AskedTask[]>,
  readBatch: () => AskedBatch,
) => Promise<Response>;

/** One serves all routes, which share its limit. `readBatch` is called when all tasks were read. */
export function createEnqueueUpload({ store, checkPayloads, priorityOrder }: UploadOptions): EnqueueUpload {
  let storing = 0;
  return async (c, asked, readBatch) => {
    const key = readKey(c);
    const options = {
      checkPayloads,
      turn: <Task extends CheckedTask>(task: Task) => turnPriority(priorityOrder, task),
    };
    await using spool = await TaskSpool.fill(checkTasks(asked, options));
    const { title = defaultTitle(spool.firstName), whenComplete } = readBatch();
    const batch = {
      title: checkBatchTitle(title),
      skipped: {},
      enqueuedBy: null,
      key,
      whenComplete: await checkCompletion(whenComplete, options),
    };
    if (storing === storedAtOnce)
      throw unavailable(
        "other batches are being stored: nothing was enqueued",
        "send it again a little later",
      );
    storing += 1;
    try {
      const enqueued = await enqueueChunks(store, batch, prolonging(c, spool.chunks()));
      const { id, total, skipped, created } = enqueued;
      return c.json({ id, total, skipped, created }, created ? 201 : 200, { location: `/batches/${id}` });
    } finally {
      storing -= 1;
    }
  };
}

/** Of a body that is tasks alone: what else the batch is stands in the query, `whenComplete` as JSON. */
export function readBatchQuery(c: Context): AskedBatch {
  const { title, whenComplete } = readQuery(c, batchQuery);
  if (whenComplete === undefined) return { title };
  return { title, whenComplete: parseJson(Buffer.from(whenComplete), "whenComplete") };
}

const batchQuery = once(() =>
  z.strictObject({ title: z.string().optional(), whenComplete: z.string().optional() }),
);

/** The header's value, in the quotes that the draft asks for or without. @throws Problem 400 */
function readKey(c: Context): string | undefined {
  const header = c.req.header(keyHeader);
  if (header === undefined) return undefined;
  const quoted = /^"(.*)"$/.exec(header)?.[1]?.replace(/\\(["\\])/g, "$1");
  return checkBatchKey(quoted ?? header);
}

/** Refuses the header where it would be ignored. @throws Problem 400 */
export function refuseKey(c: Context): void {
  if (c.req.header(keyHeader) === undefined) return;
  throw new Problem(400, "the header Idempotency-Key is for batches", {
    hint: "give a single task a key in its body, or enqueue an array",
  });
}

async function* prolonging(c: Context, chunks: AsyncIterable<TaskChunk>): AsyncGenerator<TaskChunk> {
  for await (const chunk of chunks) {
    prolong(c);
    yield chunk;
  }
}
