/** The routes of queues: list, and change one. What those do is `store/queues.ts`'s. */
import type { Store } from "../store/connection.ts";
import { changeQueue, listQueues } from "../store/queues.ts";
import { describeIssues, queueNameSchema } from "../task/doors/new-task.ts";
import { checkQueueChange, type Queue } from "../task/doors/queue.ts";
import { formatRate } from "../task/time/rate.ts";
import { Problem } from "./problem.ts";
import { readJson, refuseQuery } from "./request.ts";
import type { Route } from "./route.ts";

export function queueRoutes({ store }: { store: Store }): Route[] {
  return [
    {
      method: "GET",
      path: "/queues",
      about: "every queue with its pause, its hold, its limits and how many tasks wait and run",
      async handle(c) {
        refuseQuery(c);
        return c.json({ queues: (await listQueues(store)).map(queueJson) });
      },
    },
    {
      method: "PATCH",
      path: "/queues/:name",
      about:
        "change a queue: paused, maxRunning (null: no limit), rate such as 60/1m (null: none), history (all, failures)",
      async handle(c) {
        refuseQuery(c);
        const name = queueNameSchema().safeParse(c.req.param("name"));
        if (!name.success) throw new Problem(400, describeIssues(name.error));
        const change = checkQueueChange(name.data, await readJson(c));
        const queue = await changeQueue(store, name.data, change);
        return c.json(queueJson(queue));
      },
    },
  ];
}

/** A contract with other programs: every member is named here. */
export function queueJson(queue: Queue) {
  return {
    name: queue.name,
    paused: queue.paused,
    held: queue.held,
    maxRunning: queue.maxRunning,
    rate: queue.rate === null ? null : formatRate(queue.rate),
    history: queue.history,
    waiting: queue.waiting,
    running: queue.running,
  };
}
