/**
 * The routes that act on stored tasks: retry, cancel, delete, one or many by a filter, and change. What they do is the
 * store's work, a file a verb. Filters are in the query, in the words of `GET /tasks`, which shows what they match.
 */
import type { Context } from "hono";
import { z } from "zod";
import type { Store } from "../../store/connection.ts";
import type { BulkOptions } from "../../store/control/bulk.ts";
import { cancelTask, cancelTasks, countCancellable } from "../../store/control/cancel.ts";
import { changeTask } from "../../store/control/change.ts";
import { countDeletable, deleteTask, deleteTasks } from "../../store/control/delete.ts";
import { countRetriable, retryTask, retryTasks } from "../../store/control/retry.ts";
import { findTask } from "../../store/find.ts";
import { checkTaskChange } from "../../task/doors/change.ts";
import type { BulkResult, ControlResult } from "../../task/doors/control-result.ts";
import {
  type BulkFilter,
  cancellableStates,
  deletableStates,
  retriableStates,
} from "../../task/doors/filter.ts";
import { queueNameSchema, taskNameSchema } from "../../task/doors/new-task.ts";
import { turnPriority } from "../../task/doors/priority-order.ts";
import { once } from "../../task/once.ts";
import type { TaskState } from "../../task/task.ts";
import { Problem } from "../problem.ts";
import { bulkLimitMs, idSchema, readId, readJson, readQuery, refuseQuery } from "../request.ts";
import type { Route } from "../route.ts";
import type { TaskRoutesOptions } from "./tasks.ts";

const yes = () => z.literal("true").optional();
const bulkQuery = (states: readonly TaskState[]) =>
  z.strictObject({
    state: z.enum(states).optional(),
    name: taskNameSchema().optional(),
    queue: queueNameSchema().optional(),
    batch: idSchema().optional(),
    all: yes(),
    dryRun: yes(),
  });
/** Only for what takes finished tasks. */
const age = () => ({
  olderThanMs: z
    .string()
    .regex(/^\d{1,15}$/, "expected whole milliseconds")
    .transform(Number)
    .optional(),
});
const retryQuery = once(() => bulkQuery(retriableStates).extend(age()));
const cancelQuery = once(() => bulkQuery(cancellableStates));
const deleteQuery = once(() => bulkQuery(deletableStates).extend(age()));

type BulkQuery = z.output<ReturnType<typeof cancelQuery>> & { olderThanMs?: number | undefined };

export function controlRoutes({ store, checkPayloads, priorityOrder }: TaskRoutesOptions): Route[] {
  const bulk = async (
    c: Context,
    query: BulkQuery,
    count: (store: Store, filter: BulkFilter) => Promise<BulkResult>,
    act: (store: Store, filter: BulkFilter, options: BulkOptions) => Promise<BulkResult>,
  ) => {
    const filter = filterOf(query);
    if (query.dryRun !== undefined) return c.json({ dryRun: true, ...(await count(store, filter)) });
    return c.json({ dryRun: false, ...(await act(store, filter, { limitMs: bulkLimitMs })) });
  };
  return [
    {
      method: "POST",
      path: "/tasks/retry",
      about: "retry the failed tasks, or those in another state, that a filter matches; dryRun=true counts",
      handle: (c) => bulk(c, readQuery(c, retryQuery), countRetriable, retryTasks),
    },
    {
      method: "POST",
      path: "/tasks/cancel",
      about: "cancel the pending and running tasks that a filter matches; dryRun=true counts",
      handle: (c) => bulk(c, readQuery(c, cancelQuery), countCancellable, cancelTasks),
    },
    {
      method: "DELETE",
      path: "/tasks",
      about: "delete the pending and finished tasks that a filter matches; dryRun=true counts",
      handle: (c) => bulk(c, readQuery(c, deleteQuery), countDeletable, deleteTasks),
    },
    {
      method: "DELETE",
      path: "/tasks/:id",
      about: "delete a pending or finished task for good",
      async handle(c) {
        refuseQuery(c);
        const id = readId(c);
        return answerControl(id, await deleteTask(store, id), "cancel it before it is deleted");
      },
    },
    {
      method: "PATCH",
      path: "/tasks/:id",
      about: "change a pending task: priority, runAt or delayMs (0: now), payload",
      async handle(c) {
        refuseQuery(c);
        const id = readId(c);
        const change = turnPriority(priorityOrder, checkTaskChange(await readJson(c)));
        const name = change.payload === undefined ? undefined : (await findTask(store, id))?.name;
        if (name !== undefined) await checkPayloads([{ name, payload: change.payload }]);
        return answerControl(id, await changeTask(store, id, change), "only a pending task can be changed");
      },
    },
    {
      method: "POST",
      path: "/tasks/:id/retry",
      about: "make a failed or cancelled task pending again, or a pending one due now",
      async handle(c) {
        refuseQuery(c);
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
        refuseQuery(c);
        const id = readId(c);
        const result = await cancelTask(store, id);
        return answerControl(id, result, "only a pending or running task can be cancelled");
      },
    },
  ];
}

/** @throws Problem 400 when nothing narrows it and nobody said that all are meant. */
function filterOf({ state, name, queue, batch: batchId, olderThanMs, all }: BulkQuery): BulkFilter {
  const filter = { state, name, queue, batchId, olderThanMs };
  const filtered = Object.values(filter).some((value) => value !== undefined);
  if (filtered === (all !== undefined))
    throw new Problem(
      400,
      filtered ? "all and a filter exclude each other" : "neither a filter nor all=true is given",
      {
        hint: "filter by state, name, queue or batch; dryRun=true counts first",
      },
    );
  return filter;
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
      throw new Problem(404, `there is no task ${id}`);
  }
}
