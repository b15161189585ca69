import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Scheduler } from "../../../src/engine/scheduler.ts";
import { openStore } from "../../../src/store/connection.ts";
import { listTasks } from "../../../src/store/find.ts";
import {
  addSchedule,
  findSchedule,
  pauseSchedule,
  removeSchedule,
  runScheduleNow,
} from "../../../src/store/schedule/schedules.ts";
import { enqueueTicks, findDueSchedules } from "../../../src/store/schedule/tick.ts";
import type { NewTask } from "../../../src/task/doors/new-task.ts";
import { checkNewSchedule } from "../../../src/task/doors/schedule.ts";
import type { DoorEvent, EngineEvent } from "../../../src/task/events.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.schedule`;
});

const hourMs = 3_600_000;
// Hourly at the minute before last: the newest tick is missed, not on time, and no other comes while the test runs.
const newestTickMs = Math.floor((Date.now() - 120_000) / 60_000) * 60_000;
const hourly = `${new Date(newestTickMs).getUTCMinutes()} * * * *`;
const add = (fields: { name?: string; missed?: string; cron?: string; task?: NewTask }) =>
  addSchedule(
    database.store,
    checkNewSchedule({
      name: "hourly",
      cron: hourly,
      timeZone: "UTC",
      task: { name: "a", queue: "q", priority: 3, payload: { list: ["x"] } },
      ...fields,
    }),
  );
/** As if no worker had run since the tick `hours` before the newest one. */
async function goBack(name: string, hours: number): Promise<Date[]> {
  const ticks = Array.from(
    { length: hours + 1 },
    (_, index) => new Date(newestTickMs - (hours - index) * hourMs),
  );
  await database.store.sql`
    update fiscaut_tasks.schedule set next_tick_at = ${ticks[0]?.toISOString() ?? ""}::timestamptz where name = ${name}`;
  return ticks;
}
const plannedAts = async () =>
  (await listTasks(database.store, {}, 500)).map((task) => task.plannedAt).toSorted(byTime);
const byTime = (a: Date | null, b: Date | null) => (a?.getTime() ?? 0) - (b?.getTime() ?? 0);

function startScheduler(store = database.store) {
  const events: EngineEvent[] = [];
  return { scheduler: new Scheduler(store, 60_000, (event) => events.push(event)), events };
}

describe("the scheduler", () => {
  test("sleeps until the next tick by the database's clock, without any until it is woken", async () => {
    const { scheduler } = startScheduler();
    expect(await scheduler.runOnce()).toBe(Number.POSITIVE_INFINITY);
    await add({ name: "each-second", cron: "* * * * * *" });
    expect(await scheduler.runOnce()).toBeWithin(0, 1_002);
  });

  test("enqueues the schedule's task at its tick, due, and moves the schedule on", async () => {
    await add({});
    const [, tick] = await goBack("hourly", 1);
    const { scheduler, events } = startScheduler();
    expect(await scheduler.runOnce()).toBe(0);
    const schedule = await findSchedule(database.store, "hourly");
    const [task, ...others] = await listTasks(database.store, { state: "pending" }, 10);
    expect(others).toBeEmpty();
    expect(task).toMatchObject({ name: "a", queue: "q", priority: 3, runAt: tick, plannedAt: tick });
    expect(task?.scheduleId).toBe(schedule?.id ?? 0);
    expect(schedule?.lastTickAt).toEqual(tick ?? null);
    expect(schedule?.nextTickAt?.getTime()).toBe((tick?.getTime() ?? 0) + hourMs);
    expect(events).toEqual([{ kind: "ticked", schedule: "hourly", enqueued: 1, skipped: 1 }]);
    expect(await scheduler.runOnce()).toBeWithin(1, hourMs + 2);
  });

  test("makes up for missed ticks as the policy says", async () => {
    const ticks: Record<string, Date[]> = {};
    for (const missed of ["skip", "latest", "all"]) {
      await add({ name: missed, missed });
      ticks[missed] = await goBack(missed, 5);
    }
    await startScheduler().scheduler.runOnce();
    const of = async (name: string) => {
      const id = (await findSchedule(database.store, name))?.id;
      return (await listTasks(database.store, {}, 500))
        .filter((task) => task.scheduleId === id)
        .map((task) => task.plannedAt)
        .toSorted(byTime);
    };
    expect(await of("latest")).toEqual(ticks["latest"]?.slice(-1) ?? []);
    expect(await of("all")).toEqual(ticks["all"] ?? []);
    expect(await of("skip")).toEqual([]);
    expect((await findSchedule(database.store, "skip"))?.nextTickAt?.getTime()).toBeGreaterThan(Date.now());
  });

  test("makes up for a hundred of a long downtime's ticks at most, the newest", async () => {
    await add({ missed: "all" });
    const ticks = await goBack("hourly", 24 * 365);
    await startScheduler().scheduler.runOnce();
    expect(await plannedAts()).toEqual(ticks.slice(-100));
  });

  test("of many workers at once enqueues each tick once", async () => {
    const stores = Array.from({ length: 6 }, () =>
      openStore({ url: database.url, applicationName: "fiscaut-tasks test", maxConnections: 2 }),
    );
    try {
      for (let index = 0; index < 5; index++) await add({ name: `s${index}`, missed: "all" });
      for (let round = 0; round < 8; round++) {
        await database.store.sql`truncate fiscaut_tasks.task`;
        const ticks = (await Promise.all([0, 1, 2, 3, 4].map((index) => goBack(`s${index}`, 9)))).flat();
        await Promise.all(stores.map((store) => startScheduler(store).scheduler.runOnce()));
        expect(await plannedAts()).toEqual(ticks.toSorted(byTime));
      }
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  }, 20_000);

  test("that has read what another has meanwhile dealt with, or somebody changed, enqueues nothing", async () => {
    await add({});
    await goBack("hourly", 1);
    const { due } = await findDueSchedules(database.store);
    const [schedule] = due;
    if (schedule === undefined) throw new Error("nothing was due");
    await add({ cron: "0 3 * * *" });
    expect(await enqueueTicks(database.store, schedule)).toBeUndefined();
    await add({});
    await goBack("hourly", 1);
    expect(await enqueueTicks(database.store, schedule)).toMatchObject({ enqueued: 1 });
    expect(await enqueueTicks(database.store, schedule)).toBeUndefined();
    expect(await plannedAts()).toHaveLength(1);
  });

  test("holds to the key of a schedule's task: a tick whose earlier task is live adds none", async () => {
    await add({ name: "hourly", task: { name: "a", key: "report" }, missed: "all" });
    await goBack("hourly", 3);
    const { scheduler, events } = startScheduler();
    await scheduler.runOnce();
    const [first, ...others] = await listTasks(database.store, {}, 10);
    expect(others).toBeEmpty();
    expect(events).toEqual([{ kind: "ticked", schedule: "hourly", enqueued: 1, skipped: 0 }]);
    expect(await runScheduleNow(database.store, "hourly")).toBe(first?.id ?? 0);
    await add({ name: "hourly", task: { name: "a", key: "report", onConflict: "replace" } });
    expect(await runScheduleNow(database.store, "hourly")).toBeGreaterThan(first?.id ?? 0);
    expect(await listTasks(database.store, {}, 10)).toMatchObject([
      { state: "pending", key: "report" },
      { state: "cancelled", id: first?.id ?? 0 },
    ]);
  });

  test("tells of each task that its ticks have become", async () => {
    await add({ missed: "all" });
    await goBack("hourly", 2);
    const told: DoorEvent[] = [];
    await startScheduler({ ...database.store, onEvent: (event) => told.push(event) }).scheduler.runOnce();
    const tasks = await listTasks(database.store, {}, 10);
    expect(told).toEqual(
      tasks
        .toSorted((a, b) => a.id - b.id)
        .map(({ id, name, queue }) => ({ kind: "created", task: { id, name, queue, attempt: 0 } })),
    );
    expect(told).toHaveLength(3);
  });

  test("serves the others when one schedule's task can't be enqueued", async () => {
    await add({ name: "broken" });
    await add({ name: "sound" });
    await database.store.sql`update fiscaut_tasks.schedule set task = '{"name": ""}' where name = 'broken'`;
    await goBack("broken", 1);
    await goBack("sound", 1);
    const { scheduler, events } = startScheduler();
    const faults = () => events.filter((event) => event.kind === "part-failed");
    expect(await scheduler.runOnce()).toBe(0);
    expect(await plannedAts()).toHaveLength(1);
    expect(faults()).toMatchObject([{ part: "schedule broken" }]);
    // No busy loop, and no second word of it; when it is mended, it goes on.
    expect(await scheduler.runOnce()).toBeGreaterThan(50_000);
    expect(faults()).toHaveLength(1);
    await database.store.sql`update fiscaut_tasks.schedule set task = '{"name": "a"}' where name = 'broken'`;
    await scheduler.runOnce();
    expect(await plannedAts()).toHaveLength(2);
    expect(events.at(-1)).toEqual({ kind: "part-recovered", part: "schedule broken" });
  });
});

describe("a paused schedule", () => {
  test("has no ticks, and resumed goes on with the next one", async () => {
    await add({ missed: "all" });
    expect(await pauseSchedule(database.store, "hourly", true)).toBe(true);
    await goBack("hourly", 5);
    await startScheduler().scheduler.runOnce();
    expect(await plannedAts()).toBeEmpty();
    expect(await pauseSchedule(database.store, "hourly", false)).toBe(true);
    await startScheduler().scheduler.runOnce();
    expect(await plannedAts()).toBeEmpty();
    expect((await findSchedule(database.store, "hourly"))?.nextTickAt?.getTime()).toBeGreaterThan(Date.now());
  });

  test("can be run now, as one that is not paused, without moving its ticks", async () => {
    await add({});
    await pauseSchedule(database.store, "hourly", true);
    const before = await findSchedule(database.store, "hourly");
    const id = await runScheduleNow(database.store, "hourly");
    expect(await listTasks(database.store, {}, 10)).toMatchObject([
      { id: id ?? 0, state: "pending", scheduleId: before?.id ?? 0 },
    ]);
    expect(await findSchedule(database.store, "hourly")).toEqual(before);
  });
});

test("a schedule that is unknown can't be paused, run or removed", async () => {
  expect(await pauseSchedule(database.store, "none", true)).toBe(false);
  expect(await runScheduleNow(database.store, "none")).toBeUndefined();
  expect(await removeSchedule(database.store, "none")).toBe("unknown");
});
