/** Whether this machine and the database know the time zones of the schedules, and alike. */
import { readZoneOffset } from "../../../store/inspect/read-time-zone.ts";
import type { CheckedSchedule } from "../../../task/doors/schedule.ts";
import { defaultTimeZone } from "../../../task/doors/schedule.ts";
import { type Check, fail, pass, warn } from "../check.ts";
import { databaseCheck } from "../database/opened.ts";

/** Ticks are computed by this executable's own data, so those are the ones that must be right. */
export const timeZoneCheck: Check<readonly CheckedSchedule[]> = {
  name: "time zone",
  look(schedules) {
    const zones = [...new Set([defaultTimeZone, ...schedules.map(({ timeZone }) => timeZone)])];
    const unknown = zones.filter((zone) => offsetMinutes(zone, new Date()) === undefined);
    if (unknown.length > 0)
      return fail(
        `this executable does not know ${unknown.join(", ")}`,
        "correct the name, or install the executable anew",
      );
    const offsets = zones.map(
      (zone) => `${zone} (UTC${describeOffset(offsetMinutes(zone, new Date()) ?? 0)})`,
    );
    return pass(offsets.join(", "));
  },
};

export const databaseTimeZoneCheck = databaseCheck("database time zone", async ({ store }) => {
  const at = new Date();
  const theirs = await readZoneOffset(store, defaultTimeZone, at);
  if (theirs === undefined)
    return warn(
      `the database does not know ${defaultTimeZone}`,
      "install the server's time zone data (tzdata)",
    );
  const ours = offsetMinutes(defaultTimeZone, at) ?? 0;
  if (theirs !== ours)
    return warn(
      `the database has ${defaultTimeZone} at UTC${describeOffset(theirs)}, this executable at UTC${describeOffset(ours)}`,
      "update the server's tzdata, or this executable: schedules tick by the latter",
    );
  return pass(`${defaultTimeZone} is UTC${describeOffset(theirs)} there as here`);
});

function offsetMinutes(zone: string, at: Date): number | undefined {
  try {
    const part = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" })
      .formatToParts(at)
      .find(({ type }) => type === "timeZoneName")?.value;
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(part ?? "") ?? [];
    if (hours === undefined) return 0;
    return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  } catch {
    return undefined;
  }
}

const describeOffset = (minutes: number) => {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
};
