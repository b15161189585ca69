/** `schedule add NAME --cron RULE --task NAME [JSON|@file|-]`: defines a schedule, or anew the one of that name. */
import { defineCommand } from "citty";
import { scheduleJson } from "../../../http/schedule-json.ts";
import { addSchedule, findSchedule } from "../../../store/schedule/schedules.ts";
import { checkNewSchedule, defaultTimeZone, missedPolicies } from "../../../task/doors/schedule.ts";
import { OperatorError } from "../../../task/errors.ts";
import { parseDurationMs } from "../../../task/time/duration.ts";
import { withStore } from "../../database.ts";
import { readInteger, readPayload } from "../../input/read-task.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { formatInstant, printJson, printLine } from "../../output/print.ts";
import { checkPayloadsBy } from "../../own-handlers.ts";
import { prepare } from "../../prepare.ts";

export const scheduleAddCommand = defineCommand({
  meta: {
    name: "schedule add",
    description: "Define a schedule, or anew the one of that name",
    examples: [
      "fiscaut-tasks schedule add nightly '{\"company\": 1}' --cron '0 3 * * 1-5' --task fiscaut.sync-suppliers",
      "fiscaut-tasks schedule add report --cron @daily --task office.report --missed skip",
    ],
  },
  args: {
    name: { type: "positional", description: "The schedule's name" },
    payload: {
      type: "positional",
      required: false,
      description: "The task's payload: JSON, @FILE that holds it, or - for standard input",
    },
    cron: {
      type: "string",
      required: true,
      description: 'Minute, hour, day, month, weekday, such as "0 6 * * 1-5"; six fields begin with seconds',
      valueHint: "rule",
    },
    task: { type: "string", required: true, description: "The handler's name", valueHint: "name" },
    "time-zone": {
      type: "string",
      description: `Whose wall clock (default: ${defaultTimeZone})`,
      valueHint: "name",
    },
    missed: {
      type: "string",
      description: `Ticks that came while no worker ran: ${missedPolicies.join(", ")} (default: latest)`,
      valueHint: "policy",
      values: missedPolicies,
    },
    queue: { type: "string", description: "Queue (default: default)", valueHint: "name" },
    priority: { type: "string", description: "Higher runs first (default: 0)", valueHint: "number" },
    "max-attempts": {
      type: "string",
      description: "Attempts before it fails (default: 25)",
      valueHint: "number",
    },
    timeout: { type: "string", description: "Abort an attempt after this long", valueHint: "duration" },
    title: { type: "string", description: "What people see beside the name", valueHint: "text" },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags("handlers"),
  },
  async run(context) {
    const { args } = context;
    const schedule = checkNewSchedule({
      name: args.name,
      cron: args.cron,
      timeZone: args["time-zone"],
      missed: args.missed,
      task: {
        name: args.task,
        payload: await readPayload(args.payload),
        queue: args.queue,
        priority: readInteger("priority", args.priority),
        maxAttempts: readInteger("max-attempts", args["max-attempts"]),
        timeoutMs: args.timeout === undefined ? undefined : parseDurationMs(args.timeout),
        title: args.title,
      },
    });
    const { name, task } = schedule;
    const prepared = prepare(context);
    await checkPayloadsBy(prepared)([task]);
    const added = await withStore(prepared, "schedule", async (store) => {
      if ((await addSchedule(store, schedule)) === "file") throw definedByFile(name);
      return await findSchedule(store, name);
    });
    if (added === undefined) throw new OperatorError("failed", `schedule ${name} was removed meanwhile`);
    if (args.json) printJson(scheduleJson(added));
    else if (added.paused) printLine(`schedule ${name} set; it is paused`);
    else printLine(`schedule ${name} set; next tick ${formatInstant(added.nextTickAt)}`);
  },
});

export const definedByFile = (name: string) =>
  new OperatorError("failed", `a configuration file defines the schedule ${name}`, {
    hint: `change it there and start the worker again, or: fiscaut-tasks schedule pause ${name}`,
  });
