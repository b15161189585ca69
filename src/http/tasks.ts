/**
 * The routes of tasks and batches: list, show, enqueue, retry, cancel. The rules of a new task are
 * `task/new-task.ts`'s, what retry and cancel do is `store/control.ts`'s.
 */
import { z } from "zod";
import type { HandlerRegistry } from "../handlers/handler.ts";
import { findBatch } from "../store/batch.ts";
import type { Store } from "../store/connection.ts";
import { type ControlResult, cancelTask, retryTask } from "../store/control.ts";
import { enqueueTask } from "../store/enqueue.ts";
import { findTask, listTasks } from "../store/find.ts";
import { checkNewTask, describeIssues, queueNameSchema, taskNameSchema } from "../task/new-task.ts";
import { taskStates } from "../task/task.ts";
import { Problem } from "./problem.ts";
import { idSchema, readId, readJson, readQuery } from "./request.ts";
import type { Route } from "./route.ts";
import { batchJson, taskJson, taskSummary } from "./task-json.ts";

export interface TaskRoutesOptions {
  store: Store;
  /** Those of this worker; a task for a handler that only another worker has is enqueued unchecked. */
  handlers: HandlerRegistry;
}

const maxLimit = 500;
const noQuery = z.strictObject({});
const listQuery = z.strictObject({
  state: z.enum(taskStates).optional(),
  name: taskNameSchema.optional(),
  queue: queueNameSchema.optional(),
  batch: idSchema.optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d?|[1-4]\d\d|500)$/, `expected a whole number from 1 to ${maxLimit}`)
    .default("50")
    .transform(Number),
  before: idSchema.optional().describe("the cursor: only tasks with a lower id"),
});

export function taskRoutes({ store, handlers }: TaskRoutesOptions): Route[] {
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
        return c.json({ tasks: page.map(taskSummary), next, batch: batch && batchJson(batch) });
      },
    },
    {
      method: "POST",
      path: "/tasks",
      about:
        "enqueue a task: name, and optionally payload, queue, priority, delayMs or runAt, maxAttempts, timeoutMs, title, repeatMs with repeatUntil, repeatAfterFailure",
      async handle(c) {
        readQuery(c, noQuery);
        const task = checkNewTask(await readJson(c));
        const payload = handlers.get(task.name)?.payload.safeParse(task.payload);
        if (payload?.success === false)
          throw new Problem(400, `the payload is not ${task.name}'s: ${describeIssues(payload.error)}`);
        const { id, runAt } = await enqueueTask(store, task);
        return c.json({ id, name: task.name, queue: task.queue, runAt }, 201, { location: `/tasks/${id}` });
      },
    },
    {
      method: "GET",
      path: "/tasks/:id",
      about: "a task with its payload, result and errors",
      async handle(c) {
        readQuery(c, noQuery);
        const id = readId(c);
        const task = await findTask(store, id);
        if (task === undefined) throw unknownTask(id);
        return c.json(taskJson(task));
      },
    },
    {
      method: "POST",
      path: "/tasks/:id/retry",
      about: "make a failed or cancelled task pending again, or a pending one due now",
      async handle(c) {
        readQuery(c, noQuery);
        const id = readId(c);
        const result = await retryTask(store, id);
        return answerControl(id, result, "only a pending, failed or cancelled task can be retried");
      },
    },
    {
      method: "POST",
      path: "/tasks/:id/cancel",
      about: "cancel a pending task, or have a running one aborted",
      async handle(c) {
        readQuery(c, noQuery);
        const id = readId(c);
        return answerControl(
          id,
          await cancelTask(store, id),
          "only a pending or running task can be cancelled",
        );
      },
    },
    {
      method: "GET",
      path: "/batches/:id",
      about: "how far a batch has come",
      async handle(c) {
        readQuery(c, noQuery);
        return c.json(batchJson(await requireBatch(store, readId(c))));
      },
    },
  ];
}

/** The same question from the last task shown on. */
function nextPage(query: z.output<typeof listQuery>, lastId: number | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, before: lastId }))
    if (value !== undefined) parameters.set(name, String(value));
  return `/tasks?${parameters}`;
}

/** 200 done, 202 asked for, 409 not in this state. */
function answerControl(id: number, result: ControlResult, rule: string): Response {
  switch (result.kind) {
    case "done":
      return Response.json({ id, state: result.state });
    case "requested":
      // The worker that runs it still has to abort it; the task's own address tells when it has.
      return Response.json(
        { id, state: "running", cancelRequested: true },
        { status: 202, headers: { location: `/tasks/${id}` } },
      );
    case "unchanged":
      throw new Problem(409, `task ${id} is ${result.state}: ${rule}`, { members: { state: result.state } });
    case "unknown":
      throw unknownTask(id);
  }
}

async function requireBatch(store: Store, id: number) {
  const batch = await findBatch(store, id);
  if (batch === undefined) throw new Problem(404, `there is no batch ${id}`);
  return batch;
}

const unknownTask = (id: number) => new Problem(404, `there is no task ${id}`);
