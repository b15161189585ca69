/**
 * Handlers that control queues, schedules, batches and the history. What the verbs do is the store's, and tested there.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import type { HandlerContext } from "../../../src/handlers/context.ts";
import { syncFileSchedules } from "../../../src/store/schedule/schedules.ts";
import { checkNewSchedule } from "../../../src/task/doors/schedule.ts";
import { addOldWeek, oldWeek } from "../../old-week.ts";
import { ControlBed, waiting } from "./control-bed.ts";

let bed: ControlBed;
beforeAll(async () => {
  bed = await ControlBed.create();
});
afterEach(() => bed.clear());
afterAll(() => bed.database.drop());

const find = (id: number) => bed.find(id);
const inHandler = <Result>(run: (context: HandlerContext) => Promise<Result>) => bed.inHandler(run);

test("a handler pauses, limits and lists queues, and says what is kept of them", async () => {
  const queues = await inHandler(async ({ queues: { change, list } }) => [
    await change("busy", { paused: true, maxRunning: 2, rate: "60/1m" }),
    await change("busy", { paused: false, rate: null, history: "failures" }),
    ...(await Promise.all([
      change("no spaces", { paused: true }).catch(String),
      change("busy", {}).catch(String),
      change("busy", { maxRunning: 0 }).catch(String),
      change("busy", { rate: "often" }).catch(String),
    ])),
    (await list()).filter(({ name }) => name === "busy"),
  ]);
  expect(queues).toMatchObject([
    { name: "busy", paused: true, maxRunning: 2, rate: { count: 60, periodMs: 60_000 } },
    { name: "busy", paused: false, maxRunning: 2, rate: null, history: "failures" },
    expect.stringContaining("the queue's name may hold"),
    expect.stringContaining("nothing to change"),
    expect.stringContaining("maxRunning"),
    expect.stringContaining('"often" is not a rate'),
    [{ name: "busy", paused: false, maxRunning: 2 }],
  ]);
});

test("a handler adds a schedule, pauses and resumes it, runs it now and removes it", async () => {
  const added = await inHandler(async ({ schedules }) => {
    const nightly = await schedules.add({ name: "nightly", cron: "0 6 * * *", task: { name: waiting } });
    await schedules.pause("nightly");
    const paused = await schedules.find("nightly");
    await schedules.resume("nightly");
    const ids = [await schedules.runNow("nightly"), await schedules.runNow("unheard-of")];
    const listed = await schedules.list();
    const gone = [await schedules.remove("nightly"), await schedules.remove("nightly")];
    return { nightly, paused, ids, listed, gone, unknown: await schedules.pause("nightly") };
  });
  expect(await find(added.ids[0] ?? 0)).toMatchObject({ name: waiting, state: "pending" });
  expect(added).toMatchObject({
    nightly: { name: "nightly", timeZone: "America/Sao_Paulo", paused: false },
    paused: { paused: true },
    ids: [expect.any(Number), undefined],
    listed: [{ name: "nightly", paused: false }],
    gone: [true, false],
    unknown: false,
  });
});

test("a handler's schedule is held to the rules, to its handler's payload and to configuration files", async () => {
  const schedule = checkNewSchedule({ name: "filed", cron: "0 6 * * *", task: { name: waiting } });
  await syncFileSchedules(bed.database.store, "office:/etc/fiscaut-tasks.toml", [schedule]);
  const refusals = await inHandler(({ schedules: { add, remove } }) =>
    Promise.all([
      add({ name: "often", cron: "whenever", task: { name: waiting } }).catch(String),
      add({ name: "often", cron: "0 6 * * *", task: { name: "numbers", payload: "one" } }).catch(String),
      add({ name: "filed", cron: "0 7 * * *", task: { name: waiting } }).catch(String),
      remove("filed").catch(String),
    ]),
  );
  expect(refusals).toEqual([
    expect.stringContaining("whenever"),
    expect.stringContaining("the payload is not numbers's"),
    expect.stringContaining("a configuration file defines"),
    expect.stringContaining("a configuration file defines"),
  ]);
});

test("a handler prunes what is past the worker's retention, and is told first what that is", async () => {
  await addOldWeek(bed.database.store);
  const [told, dropped, left] = await inHandler(async ({ prune }) => [
    await prune({ dryRun: true }),
    await prune(),
    await prune({ dryRun: true }),
  ]);
  expect(told).toMatchObject([oldWeek]);
  expect(dropped).toMatchObject([oldWeek]);
  expect(left).toEqual([]);
});

test("a handler finds, lists, cancels, retries and deletes batches", async () => {
  const told = await inHandler(async ({ enqueueBatch, batches }) => {
    const { id } = await enqueueBatch("of it", [{ name: waiting }, { name: waiting }]);
    const listed = await batches.list();
    const cancelled = await batches.cancel(id);
    const found = await batches.find(id);
    const retried = await batches.retry(id);
    const deleted = await batches.delete(id);
    const unknown = [await batches.find(id), await batches.cancel(id), await batches.delete(id)];
    const refused = await batches.list({}, 101).catch(String);
    return { listed, cancelled, found, retried, deleted, unknown, refused };
  });
  expect(told).toMatchObject({
    listed: [{ title: "of it", states: { pending: 2 } }],
    cancelled: { total: 2, states: { pending: 2 }, complete: true },
    found: { states: { cancelled: 2 }, complete: true, completedAt: expect.any(Date), errors: [] },
    retried: { total: 0 },
    deleted: { total: 2, states: { cancelled: 2 }, complete: true },
    unknown: [undefined, undefined, undefined],
    refused: expect.stringContaining("limit"),
  });
});
