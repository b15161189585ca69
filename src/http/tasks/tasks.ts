/**
 * The routes that list, show and enqueue tasks. Batches have their own in `batches.ts`; the rules of a new task are `task/doors/new-task.ts`'s,
 * what is done to stored ones is `control.ts`'s.
 */
import { z } from "zod";
import type { PayloadCheck } from "../../handlers/payload.ts";
import { findBatch } from "../../store/batch.ts";
import type { Store } from "../../store/connection.ts";
import { enqueueTask } from "../../store/enqueue/enqueue.ts";
import { findTask, listTasks } from "../../store/find.ts";
import { isAdded } from "../../task/doors/enqueued.ts";
import { maxListed } from "../../task/doors/filter.ts";
import { checkStorableTask, queueNameSchema, taskNameSchema } from "../../task/doors/new-task.ts";
import { type PriorityOrder, turnPriority } from "../../task/doors/priority-order.ts";
import { once } from "../../task/once.ts";
import { taskStates } from "../../task/task.ts";
import { readArray, readUpload } from "../batches/batch-body.ts";
import { batchJson } from "../batches/batch-json.ts";
import { type EnqueueUpload, readBatchQuery, refuseKey } from "../batches/batch-upload.ts";
import { Problem } from "../problem.ts";
import { idSchema, peekArray, readId, readJson, readQuery, refuseQuery } from "../request.ts";
import type { Route } from "../route.ts";
import { taskJson, taskSummary } from "./task-json.ts";

export interface TaskRoutesOptions {
  store: Store;
  /** By this worker's handlers; a task for a handler that only another worker has is enqueued unchecked. */
  checkPayloads: PayloadCheck;
  /** Which way round callers speak of priorities. */
  priorityOrder: PriorityOrder;
}

const listQuery = once(() =>
  z.strictObject({
    state: z.enum(taskStates).optional(),
    name: taskNameSchema().optional(),
    queue: queueNameSchema().optional(),
    batch: idSchema().optional(),
    limit: z
      .string()
      .regex(/^([1-9]\d?|[1-4]\d\d|500)$/, `expected a whole number from 1 to ${maxListed}`)
      .default("50")
      .transform(Number),
    before: idSchema().optional().describe("the cursor: only tasks with a lower id"),
  }),
);

export function taskRoutes(
  { store, checkPayloads, priorityOrder }: TaskRoutesOptions,
  enqueueUpload: EnqueueUpload,
): Route[] {
  const turned = <Prioritised extends { priority: number }>(task: Prioritised) =>
    turnPriority(priorityOrder, task);
  return [
    {
      method: "GET",
      path: "/tasks",
      about: "tasks, newest first; filters state, name, queue, batch; pages by limit and before",
      async handle(c) {
        const query = readQuery(c, listQuery);
        const { state, name, queue, batch: batchId, limit, before: beforeId } = query;
        // One more than asked for tells whether there is a next page.
        const [tasks, batch] = await Promise.all([
          listTasks(store, { state, name, queue, batchId, beforeId }, limit + 1),
          batchId === undefined ? undefined : requireBatch(store, batchId),
        ]);
        const page = tasks.slice(0, limit);
        const next = tasks.length > limit ? nextPage(query, page.at(-1)?.id) : null;
        return c.json({ tasks: page.map(turned).map(taskSummary), next, batch: batch && batchJson(batch) });
      },
    },
    {
      method: "POST",
      path: "/tasks",
      about:
        "enqueue a task: name, and optionally payload, queue, priority, delayMs or runAt, maxAttempts, timeoutMs, backoff, serialKey, title, repeatMs with repeatUntil and repeatAfterFailure, key or keyOf with onConflict, after; an array of them is a batch, with title and whenComplete in the query",
      async handle(c) {
        const { isArray, body } = await peekArray(c);
        if (isArray) {
          const query = readBatchQuery(c);
          return await enqueueUpload(c, readArray(readUpload(c, body)), () => query);
        }
        refuseQuery(c);
        refuseKey(c);
        const task = turned(checkStorableTask(await readJson(c, body)));
        await checkPayloads([task]);
        const enqueued = await enqueueTask(store, task);
        const { id, runAt, outcome } = enqueued;
        const answer = { id, name: task.name, queue: task.queue, runAt, outcome };
        return c.json(answer, isAdded(enqueued) ? 201 : 200, { location: `/tasks/${id}` });
      },
    },
    {
      method: "GET",
      path: "/tasks/:id",
      about: "a task with its payload, result and errors",
      async handle(c) {
        refuseQuery(c);
        const id = readId(c);
        const task = await findTask(store, id);
        if (task === undefined) throw unknownTask(id);
        return c.json(taskJson(turned(task)));
      },
    },
  ];
}

/** The same question from the last task shown on. */
function nextPage(query: z.output<ReturnType<typeof listQuery>>, lastId: number | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, before: lastId }))
    if (value !== undefined) parameters.set(name, String(value));
  return `/tasks?${parameters}`;
}

async function requireBatch(store: Store, id: number) {
  const batch = await findBatch(store, id);
  if (batch === undefined) throw new Problem(404, `there is no batch ${id}`);
  return batch;
}

const unknownTask = (id: number) => new Problem(404, `there is no task ${id}`);
