/**
 * Keeps schedules: defines, lists, pauses, removes them. What their ticks become is `tick.ts`'s work; every change
 * is announced, so that workers sleep until the right tick.
 */
import { eq } from "drizzle-orm";
import { type CheckedSchedule, checkNewSchedule, type Schedule } from "../../task/doors/schedule.ts";
import { nextTick } from "../../task/time/cron.ts";
import { instant, type Store } from "../connection.ts";
import { tellOf } from "../enqueue/enqueue.ts";
import type { Sql } from "../sql.ts";
import { enqueueScheduled } from "./tick.ts";

/** As in find.ts. */
const importTables = () => import("../schema/schema.ts");

/** By name. */
export async function listSchedules(store: Store): Promise<Schedule[]> {
  const { schedule } = await importTables();
  return await store.db.select().from(schedule).orderBy(schedule.name);
}

export async function findSchedule(store: Store, name: string): Promise<Schedule | undefined> {
  const { schedule } = await importTables();
  const [row] = await store.db.select().from(schedule).where(eq(schedule.name, name));
  return row;
}

/**
 * Defines a schedule, or anew the one of that name: its next tick stands as long as the rule and its zone do, and it
 * stays paused if it is.
 * @returns "file" when a configuration file defines it: nothing was changed.
 */
export async function addSchedule(store: Store, schedule: CheckedSchedule): Promise<"added" | "file"> {
  const saved = await saveSchedule(store.sql, schedule, null);
  if (saved) store.announcer.announce({ kind: "schedule" });
  return saved ? "added" : "file";
}

/**
 * Makes the schedules of a configuration file those that it defines. Those which it has defined before and does no
 * more are removed; those of other files, and those that somebody has added, are left alone, but a name in the file
 * is the file's. Idempotent: two workers with one file agree.
 * @param file `host:path`.
 */
export async function syncFileSchedules(
  store: Store,
  file: string,
  schedules: CheckedSchedule[],
): Promise<{ removed: string[] }> {
  const removed = await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    // In one order everywhere, so that two workers that start together can't wait for each other's rows.
    for (const schedule of schedules.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
      await saveSchedule(sql, schedule, file);
    return await sql<{ name: string }[]>`
      delete from fiscaut_tasks.schedule
      where file = ${file} and name <> all(${schedules.map(({ name }) => name)}::text[])
      returning name`;
  });
  store.announcer.announce({ kind: "schedule" });
  return { removed: removed.map(({ name }) => name) };
}

async function saveSchedule(sql: Sql, schedule: CheckedSchedule, file: string | null): Promise<boolean> {
  const { name, cron, timeZone, missed, task } = schedule;
  const [clock] = await sql<{ now: string }[]>`select now() as now`;
  if (clock === undefined) throw new Error("the database told no time");
  const next = nextTick(schedule, instant(clock.now))?.toISOString() ?? null;
  const rows = await sql`
    insert into fiscaut_tasks.schedule as s (name, cron, time_zone, missed, task, file, next_tick_at)
    values (${name}, ${cron}, ${timeZone}, ${missed}, ${JSON.stringify(task)}::text::jsonb, ${file}, ${next}::timestamptz)
    on conflict (name) do update
    set cron = excluded.cron, time_zone = excluded.time_zone, missed = excluded.missed, task = excluded.task,
        file = excluded.file,
        next_tick_at = case when s.cron = excluded.cron and s.time_zone = excluded.time_zone
          then s.next_tick_at else excluded.next_tick_at end
    where excluded.file is not null or s.file is null
    returning 1`;
  return rows.length > 0;
}

/** "file": a configuration file defines it and would bring it back. */
export async function removeSchedule(store: Store, name: string): Promise<"removed" | "file" | "unknown"> {
  const [gone] = await store.sql`
    delete from fiscaut_tasks.schedule where name = ${name} and file is null returning 1`;
  if (gone === undefined) return (await findSchedule(store, name)) === undefined ? "unknown" : "file";
  store.announcer.announce({ kind: "schedule" });
  return "removed";
}

/**
 * A paused schedule has no ticks; resumed, it goes on with the next one, and what came meanwhile was not missed.
 * Idempotent. @returns false when there is none of that name.
 */
export async function pauseSchedule(store: Store, name: string, paused: boolean): Promise<boolean> {
  const found = await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Sql;
    const [row] = await sql<{ paused: boolean; cron: string; timeZone: string; now: string }[]>`
      select paused, cron, time_zone as "timeZone", now() as now from fiscaut_tasks.schedule
      where name = ${name} for update`;
    if (row === undefined) return false;
    if (row.paused === paused) return true;
    const next = nextTick(row, instant(row.now))?.toISOString() ?? null;
    await sql`
      update fiscaut_tasks.schedule set paused = ${paused}, next_tick_at = ${next}::timestamptz where name = ${name}`;
    return true;
  });
  if (found) store.announcer.announce({ kind: "schedule" });
  return found;
}

/**
 * Enqueues a schedule's task now, beside its ticks and also when it is paused.
 * @returns the task's id or, when a live one has its key, that one's; undefined when there is no schedule of that name.
 */
export async function runScheduleNow(store: Store, name: string): Promise<number | undefined> {
  const schedule = await findSchedule(store, name);
  if (schedule === undefined) return undefined;
  const { cron, timeZone, missed } = schedule;
  const { task } = checkNewSchedule({ name, cron, timeZone, missed, task: schedule.task });
  const rows = await store.sql.begin((sql) =>
    enqueueScheduled(sql as unknown as Sql, schedule.id, task, [undefined]),
  );
  store.announcer.announce({ kind: "due" });
  tellOf(store, task, rows);
  return rows[0]?.id;
}
