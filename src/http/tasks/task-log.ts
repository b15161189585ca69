/** The route that shows what a task's handler has logged. Which lines are kept is `task/task-log.ts`'s affair. */
import { z } from "zod";
import type { Store } from "../../store/connection.ts";
import { readTaskLog } from "../../store/read-log.ts";
import { once } from "../../task/once.ts";
import { isFinished } from "../../task/task.ts";
import { Problem } from "../problem.ts";
import { readId, readQuery } from "../request.ts";
import type { Route } from "../route.ts";

const logQuery = once(() =>
  z.strictObject({
    after: z
      .string()
      .regex(/^\d{1,9}$/, "expected a line's number")
      .default("0")
      .transform(Number)
      .describe("the cursor: only lines with a higher number"),
  }),
);

export function taskLogRoutes({ store }: { store: Store }): Route[] {
  return [
    {
      method: "GET",
      path: "/tasks/:id/log",
      about: "what a task's handler has logged, the newest lines; go on at next until it is null",
      async handle(c) {
        const { after } = readQuery(c, logQuery);
        const id = readId(c);
        const log = await readTaskLog(store, id, after);
        if (log === undefined) throw new Problem(404, `there is no task ${id}`);
        const { state, lines } = log;
        const next = isFinished(state) ? null : `/tasks/${id}/log?after=${lines.at(-1)?.n ?? after}`;
        return c.json({
          id,
          state,
          lines: lines.map(({ n, at, attempt, message, fields }) => ({ n, at, attempt, message, fields })),
          next,
        });
      },
    },
  ];
}
