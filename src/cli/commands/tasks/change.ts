/** `change ID`: another priority, time or payload for a pending task. */
import { defineCommand } from "citty";
import { changeTask } from "../../../store/control/change.ts";
import { findTask } from "../../../store/find.ts";
import { checkTaskChange } from "../../../task/doors/change.ts";
import { turnPriority } from "../../../task/doors/priority-order.ts";
import { OperatorError } from "../../../task/errors.ts";
import { parseDurationMs } from "../../../task/time/duration.ts";
import { withStore } from "../../database.ts";
import { readId } from "../../input/read-id.ts";
import { readInstant, readInteger, readPayload } from "../../input/read-task.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { describeRefusal } from "../../output/control-words.ts";
import { printJson, printLine } from "../../output/print.ts";
import { checkPayloadsBy } from "../../own-handlers.ts";
import { prepare } from "../../prepare.ts";

export const changeCommand = defineCommand({
  meta: {
    name: "change",
    description: "Change the priority, time or payload of a pending task",
    examples: [
      "fiscaut-tasks change 17 --priority 10",
      "fiscaut-tasks change 17 --run-at 2026-12-01T08:00:00-03:00",
    ],
  },
  args: {
    id: { type: "positional", description: "The task's id" },
    priority: { type: "string", description: "Higher runs first", valueHint: "number" },
    "run-at": { type: "string", description: "Run at this instant", valueHint: "instant" },
    delay: { type: "string", description: "Run this long from now", valueHint: "duration" },
    now: { type: "boolean", description: "Run now" },
    payload: {
      type: "string",
      description: "JSON, @FILE that holds it, or - for standard input",
      valueHint: "json",
    },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags("priority-order", "handlers"),
  },
  async run(context) {
    const { args } = context;
    const id = readId("ID", String(args.id));
    if (args.now && args.delay !== undefined)
      throw new OperatorError("usage", "--now and --delay exclude each other");
    const delayMs = args.now ? 0 : args.delay === undefined ? undefined : parseDurationMs(args.delay);
    const asked = checkTaskChange({
      priority: readInteger("priority", args.priority),
      runAt: readInstant("run-at", args["run-at"]),
      delayMs,
      payload: await readPayload(args.payload),
    });
    const prepared = prepare(context);
    const { config } = prepared;
    const change = turnPriority(config.priorityOrder, asked);
    const task = await withStore(prepared, "change", async (store) => {
      if (change.payload !== undefined) {
        // A task's name never changes, so what is checked here still holds when it is stored.
        const found = await findTask(store, id);
        if (found !== undefined)
          await checkPayloadsBy(prepared)([{ name: found.name, payload: change.payload }]);
      }
      const result = await changeTask(store, id, change);
      const refusal = describeRefusal("change", id, result);
      if (refusal !== undefined) throw refusal;
      return await findTask(store, id);
    });
    if (args.json)
      printJson({
        id,
        state: task?.state ?? null,
        priority: task === undefined ? null : turnPriority(config.priorityOrder, task).priority,
        runAt: task?.runAt ?? null,
      });
    else printLine(`task ${id} is changed`);
  },
});
