/**
 * Turns the ticks of schedules that are due into tasks, each into exactly one, however many workers try. Which ticks
 * those are is told by `task/time/cron.ts` and `task/doors/schedule.ts`.
 */
import { isAdded } from "../../task/doors/enqueued.ts";
import { type CheckedTask, toStorable } from "../../task/doors/new-task.ts";
import {
  checkNewSchedule,
  chooseTicks,
  type MissedPolicy,
  maxTicksAtOnce,
} from "../../task/doors/schedule.ts";
import { nextTick, ticksBetween } from "../../task/time/cron.ts";
import { instant, type Store } from "../connection.ts";
import { type EnqueuedRow, insertWithin, tellOf } from "../enqueue/enqueue.ts";
import type { Sql } from "../sql.ts";

export interface DueSchedule {
  id: number;
  name: string;
  cron: string;
  timeZone: string;
  missed: MissedPolicy;
  /** As new as the read: what each tick enqueues. */
  task: unknown;
  nextTickAt: Date;
  /** The database's clock. */
  now: Date;
}

/** Bounds one round; the caller repeats while some come back. */
const dueLimit = 100;

/** @returns also the time until the next tick of any schedule; undefined when there is none. */
export async function findDueSchedules(
  store: Store,
): Promise<{ due: DueSchedule[]; nextInMs: number | undefined }> {
  const rows = await store.sql<(Omit<DueSchedule, "nextTickAt" | "now"> & Instants)[]>`
    select id, name, cron, time_zone as "timeZone", missed, task, next_tick_at as "nextTickAt", now() as now
    from fiscaut_tasks.schedule
    where not paused and next_tick_at is not null
    order by next_tick_at limit ${dueLimit}`;
  const schedules = rows.map((row) => ({
    ...row,
    nextTickAt: instant(row.nextTickAt),
    now: instant(row.now),
  }));
  const [waiting] = schedules.filter(({ nextTickAt, now }) => nextTickAt > now);
  return {
    due: schedules.filter(({ nextTickAt, now }) => nextTickAt <= now),
    nextInMs: waiting && waiting.nextTickAt.getTime() - waiting.now.getTime(),
  };
}

interface Instants {
  nextTickAt: string;
  now: string;
}

/** More than `maxTicksAtOnce`, so that the count of those left out says at least that there were more. */
const ticksLookedAt = maxTicksAtOnce + 1;

/**
 * Moves the schedule on to its first tick after now and enqueues what the policy lets through, in one transaction.
 * Whoever moves it on enqueues: of several workers one finds the tick that all have read, the others' update waits for
 * that one's row lock and then matches nothing. So does that of a worker which has read what was since changed.
 * @returns undefined when another was first. `skipped`: ticks left out as missed, counted to a hundred or so; those
 *   whose task was not added because of its key are in neither number.
 */
export async function enqueueTicks(
  store: Store,
  schedule: DueSchedule,
): Promise<{ enqueued: number; skipped: number } | undefined> {
  const { id, cron, timeZone, missed, nextTickAt, now } = schedule;
  const due = ticksBetween(schedule, nextTickAt, now, ticksLookedAt);
  const chosen = chooseTicks(due, missed, now);
  const next = nextTick(schedule, now)?.toISOString() ?? null;
  const { name, task } = schedule;
  const checked = checkNewSchedule({ name, cron, timeZone, missed, task });
  const rows = await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    const moved = await sql`
      update fiscaut_tasks.schedule
      set next_tick_at = ${next}::timestamptz,
          last_tick_at = coalesce(${chosen.at(-1)?.toISOString() ?? null}::timestamptz, last_tick_at)
      where id = ${id} and next_tick_at = ${nextTickAt.toISOString()}::timestamptz and not paused
        and cron = ${cron} and time_zone = ${timeZone} and task = ${JSON.stringify(task)}::text::jsonb
      returning 1`;
    return moved.length === 0 ? undefined : await enqueueScheduled(sql, id, checked.task, chosen);
  });
  if (rows === undefined) return undefined;
  if (rows.length > 0) store.announcer.announce({ kind: "due" });
  tellOf(store, checked.task, rows);
  return { enqueued: rows.filter(isAdded).length, skipped: due.length - chosen.length };
}

/**
 * A schedule's task, once for each tick, within the caller's transaction.
 * @param ticks undefined among them: now, out of turn.
 */
export async function enqueueScheduled(
  sql: Sql,
  scheduleId: number,
  task: CheckedTask,
  ticks: (Date | undefined)[],
): Promise<EnqueuedRow[]> {
  const storable = toStorable(task);
  const rows = await insertWithin(
    sql,
    ticks.map((tick) => ({ ...storable, runAt: tick })),
  );
  const ids = rows.filter(isAdded).map((row) => row.id);
  if (ids.length === 0) return rows;
  // Told afterwards, so that the insert, which is hot, does not carry it.
  await sql`
    update fiscaut_tasks.task set schedule_id = ${scheduleId}, planned_at = run_at where id = any(${ids}::bigint[])`;
  return rows;
}
