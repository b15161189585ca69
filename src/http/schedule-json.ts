/** Schedules as HTTP and `--json` show them: a contract with other programs, so every member is named here. */
import type { Schedule } from "../task/doors/schedule.ts";

export function scheduleJson(schedule: Schedule) {
  return {
    id: schedule.id,
    name: schedule.name,
    cron: schedule.cron,
    timeZone: schedule.timeZone,
    missed: schedule.missed,
    paused: schedule.paused,
    file: schedule.file,
    task: schedule.task,
    createdAt: schedule.createdAt,
    nextTickAt: schedule.paused ? null : schedule.nextTickAt,
    lastTickAt: schedule.lastTickAt,
  };
}
