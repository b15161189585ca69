/** `schedule list|remove|pause|resume|run-now`; `schedule add` is `schedule-add.ts`. */
import { defineCommand } from "citty";
import { scheduleJson } from "../../../http/schedule-json.ts";
import type { Store } from "../../../store/connection.ts";
import {
  listSchedules,
  pauseSchedule,
  removeSchedule,
  runScheduleNow,
} from "../../../store/schedule/schedules.ts";
import type { Schedule } from "../../../task/doors/schedule.ts";
import { OperatorError } from "../../../task/errors.ts";
import { withStore } from "../../database.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { formatInstant, printJson, printLine, printTable } from "../../output/print.ts";
import { prepare } from "../../prepare.ts";
import { definedByFile, scheduleAddCommand } from "./schedule-add.ts";

const listCommand = defineCommand({
  meta: {
    name: "schedule list",
    description: "List schedules and their next ticks",
    examples: ["fiscaut-tasks schedule list"],
  },
  args: { json: { type: "boolean", description: "Print JSON" }, ...settingFlags() },
  async run(context) {
    const prepared = prepare(context);
    const schedules = await withStore(prepared, "schedule", (store) => listSchedules(store));
    if (context.args.json) printJson(schedules.map(scheduleJson));
    else if (schedules.length === 0) printLine("no schedule");
    else printTable(schedules.map(toRow));
  },
});

function toRow(schedule: Schedule) {
  return {
    name: schedule.name,
    cron: schedule.cron,
    "time zone": schedule.timeZone,
    missed: schedule.missed,
    task: schedule.task.name,
    "next tick": schedule.paused ? "paused" : formatInstant(schedule.nextTickAt),
    "last tick": formatInstant(schedule.lastTickAt),
    file: schedule.file,
  };
}

/** What a verb came to, for JSON and for a person; undefined when there is no such schedule. */
type Done = { json: Record<string, unknown>; text: string } | undefined;

const removeCommand = namedCommand(
  "remove",
  "Remove a schedule; tasks that it has enqueued stay",
  async (store, name) => {
    const result = await removeSchedule(store, name);
    if (result === "file") throw definedByFile(name);
    return result === "removed"
      ? { json: { name, removed: true }, text: `schedule ${name} removed` }
      : undefined;
  },
);

const pauseCommand = namedCommand("pause", "Let a schedule rest", async (store, name) =>
  (await pauseSchedule(store, name, true))
    ? { json: { name, paused: true }, text: `schedule ${name} paused` }
    : undefined,
);

const resumeCommand = namedCommand(
  "resume",
  "Let a paused schedule go on with its next tick",
  async (store, name) =>
    (await pauseSchedule(store, name, false))
      ? { json: { name, paused: false }, text: `schedule ${name} resumed` }
      : undefined,
);

const runNowCommand = namedCommand(
  "run-now",
  "Enqueue a schedule's task now, beside its ticks",
  async (store, name) => {
    const id = await runScheduleNow(store, name);
    return id === undefined
      ? undefined
      : { json: { name, id }, text: `task ${id} enqueued by schedule ${name}` };
  },
);

function namedCommand(verb: string, description: string, act: (store: Store, name: string) => Promise<Done>) {
  return defineCommand({
    meta: { name: `schedule ${verb}`, description, examples: [`fiscaut-tasks schedule ${verb} nightly`] },
    args: {
      name: { type: "positional", description: "The schedule's name" },
      json: { type: "boolean", description: "Print JSON" },
      ...settingFlags(),
    },
    async run(context) {
      const name = String(context.args.name);
      const prepared = prepare(context);
      const done = await withStore(prepared, "schedule", (store) => act(store, name));
      if (done === undefined)
        throw new OperatorError("failed", `there is no schedule ${name}`, {
          hint: "fiscaut-tasks schedule list",
        });
      if (context.args.json) printJson(done.json);
      else printLine(done.text);
    },
  });
}

export const scheduleCommand = defineCommand({
  meta: {
    name: "schedule",
    description: "Enqueue tasks by the clock",
    examples: [
      "fiscaut-tasks schedule list",
      "fiscaut-tasks schedule add nightly '{\"company\": 1}' --cron '0 3 * * 1-5' --task fiscaut.sync-suppliers",
      "fiscaut-tasks schedule run-now nightly",
    ],
  },
  subCommands: {
    add: scheduleAddCommand,
    list: listCommand,
    remove: removeCommand,
    pause: pauseCommand,
    resume: resumeCommand,
    "run-now": runNowCommand,
  },
});
