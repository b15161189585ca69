/**
 * What a caller may ask for when it defines a schedule, and which of its due ticks become tasks. When the ticks are
 * is `cron.ts`'s affair; enqueuing them, once each, `store/schedule/tick.ts`'s.
 */
import { z } from "zod";
import { OperatorError } from "../errors.ts";
import { once } from "../once.ts";
import { checkCron } from "../time/cron.ts";
import {
  type CheckedTask,
  checkNewTask,
  describeIssues,
  type NewTask,
  scheduleNameSchema,
} from "./new-task.ts";

/** Where the connector's customers are. */
export const defaultTimeZone = "America/Sao_Paulo";

/**
 * What becomes of ticks that came while no worker ran: left out, only the newest of them made up for, or all
 * (the newest `maxTicksAtOnce`).
 */
export const missedPolicies = ["skip", "latest", "all"] as const;
export type MissedPolicy = (typeof missedPolicies)[number];
export const defaultMissed: MissedPolicy = "latest";

/** Bounds what a long downtime can enqueue at once. */
export const maxTicksAtOnce = 100;
/** A tick that is handled within this time of its instant was not missed. */
export const onTimeMs = 60_000;

/** Fields of a new task that a schedule decides itself, each tick anew. */
const ownFields = ["runAt", "delayMs", "after", "repeatMs", "repeatUntil", "repeatAfterFailure"] as const;

const newScheduleSchema = once(() =>
  z.strictObject({
    name: scheduleNameSchema(),
    cron: z.string().max(200),
    timeZone: z.string().max(100).default(defaultTimeZone),
    missed: z.enum(missedPolicies).default(defaultMissed),
    task: z.looseObject({ name: z.string() }),
  }),
);

/** As a caller writes it. */
export type NewSchedule = z.input<ReturnType<typeof newScheduleSchema>> & { task: NewTask };

export interface CheckedSchedule {
  name: string;
  cron: string;
  timeZone: string;
  missed: MissedPolicy;
  /** What each tick enqueues. */
  task: CheckedTask;
}

/** As it is stored. */
export interface Schedule {
  id: number;
  name: string;
  cron: string;
  timeZone: string;
  missed: MissedPolicy;
  paused: boolean;
  /** The configuration file that defines it, `host:path`; null: somebody has added it. */
  file: string | null;
  task: NewTask;
  createdAt: Date;
  /** Null when the rule never comes again. A paused schedule's stands still. */
  nextTickAt: Date | null;
  /** The last one that became a task. */
  lastTickAt: Date | null;
}

/**
 * Checks one schedule at a door.
 * @throws OperatorError "usage", naming what is wrong.
 */
export function checkNewSchedule(input: unknown): CheckedSchedule {
  const parsed = newScheduleSchema().safeParse(input);
  if (!parsed.success) throw new OperatorError("usage", describeIssues(parsed.error));
  const { task, ...schedule } = parsed.data;
  checkCron(schedule);
  const own = ownFields.find((field) => task[field] !== undefined);
  if (own !== undefined)
    throw new OperatorError("usage", `task.${own}: the schedule decides when its task runs`);
  return { ...schedule, task: checkNewTask(task) };
}

/**
 * Which of the ticks that are due become tasks. One on time always does; the policy is for those that were missed.
 * @param ticks oldest first.
 */
export function chooseTicks(ticks: readonly Date[], missed: MissedPolicy, now: Date): Date[] {
  const onTime = ticks.filter((tick) => now.getTime() - tick.getTime() <= onTimeMs);
  if (missed === "all") return ticks.slice(-maxTicksAtOnce);
  if (missed === "skip" || onTime.length > 0) return onTime;
  return ticks.slice(-1);
}

/** Of a schedule that can't be changed here, since its file would bring it back. */
export const definedByFile = (name: string) =>
  new OperatorError("conflict", `a configuration file defines the schedule ${name}`, {
    hint: "change it there and start the worker again, or pause it",
  });
