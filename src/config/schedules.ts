/**
 * Reads the `[schedule.NAME]` tables of the configuration file. What a schedule may be is `task/doors/schedule.ts`'s rule;
 * that the database has them is the worker's affair.
 */
import { type CheckedSchedule, checkNewSchedule } from "../task/doors/schedule.ts";
import { OperatorError } from "../task/errors.ts";
import { parseDurationMs } from "../task/time/duration.ts";
import { type ConfigFile, scheduleKey } from "./config-file.ts";
import type { Fault } from "./faults.ts";
import { nearest } from "./nearest.ts";

const keys = [
  "cron",
  "time-zone",
  "missed",
  "task",
  "payload",
  "queue",
  "priority",
  "max-attempts",
  "timeout",
  "title",
];

/** Adds what is wrong to `faults`. */
export function readSchedules(file: ConfigFile | undefined, faults: Fault[]): CheckedSchedule[] {
  const tables = file?.values[scheduleKey];
  if (file === undefined || tables === undefined) return [];
  if (!isTable(tables)) {
    faults.push({
      source: `${file.path}:${scheduleKey}`,
      message: "is no table: write [schedule.NAME] above its keys",
    });
    return [];
  }
  return Object.entries(tables).flatMap(([name, table]) => {
    const source = `${file.path}:${scheduleKey}.${name}`;
    try {
      return [readSchedule(name, table)];
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      const { message, hint } = error;
      faults.push({ source, message, ...(hint === undefined ? {} : { hint }) });
      return [];
    }
  });
}

/** @throws OperatorError */
function readSchedule(name: string, table: unknown): CheckedSchedule {
  if (!isTable(table)) throw new OperatorError("config", "is no table: write [schedule.NAME] above its keys");
  for (const key of Object.keys(table)) {
    if (keys.includes(key)) continue;
    const guess = nearest(key, keys);
    throw new OperatorError(
      "config",
      `${key} is no key of a schedule${guess === undefined ? "" : `; did you mean ${guess}?`}`,
    );
  }
  for (const key of ["cron", "task"])
    if (typeof table[key] !== "string") throw new OperatorError("config", `${key} is missing`);
  const { timeout } = table;
  if (timeout !== undefined && typeof timeout !== "string")
    throw new OperatorError("config", 'timeout is not a duration in quotes, such as "90s"');
  return checkNewSchedule({
    name,
    cron: table["cron"],
    timeZone: table["time-zone"],
    missed: table["missed"],
    task: {
      name: table["task"],
      payload: table["payload"],
      queue: table["queue"],
      priority: table["priority"],
      maxAttempts: table["max-attempts"],
      timeoutMs: timeout === undefined ? undefined : parseDurationMs(timeout),
      title: table["title"],
    },
  });
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
