import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  addSchedule,
  findSchedule,
  listSchedules,
  pauseSchedule,
  removeSchedule,
  syncFileSchedules,
} from "../../../src/store/schedule/schedules.ts";
import { type CheckedSchedule, checkNewSchedule } from "../../../src/task/doors/schedule.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.store.sql`truncate fiscaut_tasks.schedule`;
});

const schedule = (name: string, fields: Partial<CheckedSchedule> = {}) =>
  checkNewSchedule({ name, cron: "0 6 * * *", ...fields, task: { name: "a" } });
const names = async () => (await listSchedules(database.store)).map(({ name }) => name);
const find = (name: string) => findSchedule(database.store, name);
const file = "host-1:/etc/fiscaut-tasks.toml";

describe("addSchedule", () => {
  test("sets the first tick by the wall clock of the time zone", async () => {
    await addSchedule(database.store, schedule("a", { timeZone: "America/Sao_Paulo" }));
    const next = (await find("a"))?.nextTickAt;
    expect(next?.getUTCHours()).toBe(9);
    expect(next?.getTime()).toBeWithin(Date.now(), Date.now() + 86_400_000);
  });

  test("of a name that is there changes it, and its next tick only with the rule or the zone", async () => {
    await addSchedule(database.store, schedule("a"));
    await database.store.sql`update fiscaut_tasks.schedule set next_tick_at = '2026-01-01T09:00:00Z'`;
    await addSchedule(database.store, schedule("a", { missed: "all" }));
    expect(await find("a")).toMatchObject({ missed: "all", nextTickAt: new Date("2026-01-01T09:00:00Z") });
    await addSchedule(database.store, schedule("a", { timeZone: "UTC" }));
    expect((await find("a"))?.nextTickAt?.getTime()).toBeGreaterThan(Date.now());
  });
});

describe("syncFileSchedules", () => {
  test("adds, changes and removes so that the file's schedules are those of the database", async () => {
    await syncFileSchedules(database.store, file, [schedule("a"), schedule("b")]);
    expect(await names()).toEqual(["a", "b"]);
    const { removed } = await syncFileSchedules(database.store, file, [
      schedule("b", { cron: "0 7 * * *" }),
      schedule("c"),
    ]);
    expect(removed).toEqual(["a"]);
    expect(await names()).toEqual(["b", "c"]);
    expect(await find("b")).toMatchObject({ cron: "0 7 * * *" });
  });

  test("by many workers with one file at once comes to the same", async () => {
    const schedules = ["a", "b", "c", "d"].map((name) => schedule(name));
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        syncFileSchedules(database.store, file, index % 2 === 0 ? schedules : schedules.toReversed()),
      ),
    );
    expect(await names()).toEqual(["a", "b", "c", "d"]);
  });

  test("leaves alone what somebody has added and what another file defines", async () => {
    await addSchedule(database.store, schedule("added"));
    await syncFileSchedules(database.store, "host-2:/other.toml", [schedule("other")]);
    await syncFileSchedules(database.store, file, []);
    expect(await names()).toEqual(["added", "other"]);
  });

  test("keeps a schedule paused, and its missed ticks", async () => {
    await syncFileSchedules(database.store, file, [schedule("a")]);
    await pauseSchedule(database.store, "a", true);
    await database.store.sql`update fiscaut_tasks.schedule set next_tick_at = '2026-01-01T09:00:00Z'`;
    await syncFileSchedules(database.store, file, [schedule("a")]);
    expect(await find("a")).toMatchObject({ paused: true, nextTickAt: new Date("2026-01-01T09:00:00Z") });
  });

  test("takes over a name that somebody has added, which is then the file's alone to change", async () => {
    await addSchedule(database.store, schedule("a"));
    await syncFileSchedules(database.store, file, [schedule("a", { cron: "0 7 * * *" })]);
    expect(await addSchedule(database.store, schedule("a"))).toBe("file");
    expect(await removeSchedule(database.store, "a")).toBe("file");
    expect(await find("a")).toMatchObject({ cron: "0 7 * * *", file });
  });
});
