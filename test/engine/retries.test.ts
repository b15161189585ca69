/** What becomes of a task after an attempt, seen from the handler: back-off, snooze, and the fence around both. */
import { expect, test } from "bun:test";
import { z } from "zod";
import { Completer } from "../../src/engine/completer.ts";
import { defineHandler, HandlerRegistry } from "../../src/handlers/handler.ts";
import { completeTasks } from "../../src/store/attempt/complete.ts";
import { claimTasks } from "../../src/store/claim/claim.ts";
import { cancelTask } from "../../src/store/control/cancel.ts";
import { registerWorker } from "../../src/store/worker.ts";
import type { EngineEvent } from "../../src/task/events.ts";
import { RetryAfter, Snooze } from "../../src/task/outcome.ts";
import { settle } from "../../src/task/settle.ts";
import { until } from "../until.ts";
import { createWorkerBed } from "./worker-bed.ts";

const bed = createWorkerBed();
const { start, enqueue, find } = bed;
const fails = async () => {
  throw new Error("no");
};
const register = () => registerWorker(bed.store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
const claim = async (workerId: number, name: string) => {
  const [task] = await claimTasks(bed.store, { workerId, names: [name], queues: [], limit: 1 });
  if (task === undefined) throw new Error(`no task ${name} to claim`);
  return task;
};
const snooze = (task: { attempt: number; maxAttempts: number }) =>
  settle(task, { kind: "snoozed", delayMs: 0 });

test("a task's back-off goes before its handler's, which goes before the default", async () => {
  const { event } = await start(
    { patient: fails, plain: fails },
    { backoffOf: (name) => (name === "patient" ? "fixed:2h" : undefined) },
  );
  const own = await enqueue({ name: "patient", backoff: "exponential:3m..1h" });
  const handlers = await enqueue({ name: "patient" });
  const byDefault = await enqueue({ name: "plain" });
  expect(await event("errored", own)).toMatchObject({ delayMs: 180_000 });
  expect(await event("errored", handlers)).toMatchObject({ delayMs: 7_200_000 });
  expect(await event("errored", byDefault)).toMatchObject({ delayMs: 6_000 });
  expect(await find(own)).toMatchObject({ state: "pending", backoff: "exponential:3m..1h" });
  expect(await find(handlers)).toMatchObject({ state: "pending", backoff: null });
});

test("a handler whose back-off can't be read is refused when it is registered", () => {
  const handler = defineHandler({ name: "a", payload: z.unknown(), backoff: "hourly", run: fails });
  expect(() => new HandlerRegistry([handler])).toThrow('the back-off "hourly" is not one such as');
});

test("a wish to retry at once is granted at once", async () => {
  const { event } = await start({
    eager: async (_, { task }) => {
      if (task.attempt === 1) throw new RetryAfter(0, "again");
    },
  });
  await event("succeeded", await enqueue({ name: "eager" }));
});

test("a snoozed task comes back after its delay, again and again, with neither attempt nor error counted", async () => {
  let runs = 0;
  const { event, events } = await start({
    early: async (_, { task }) => {
      if (++runs <= 3) throw new Snooze(20);
      return { attempt: task.attempt };
    },
  });
  const id = await enqueue({ name: "early", maxAttempts: 1 });
  await event("succeeded", id);
  expect(events.filter((e) => e.kind === "snoozed")).toMatchObject([{ delayMs: 20 }, {}, {}]);
  expect(await find(id)).toMatchObject({
    state: "succeeded",
    attempt: 1,
    errors: [],
    result: { attempt: 1 },
  });
});

test("a snooze keeps the errors of the attempts before it, and the back-off goes on where it was", async () => {
  let runs = 0;
  const { event, events } = await start(
    {
      mixed: async () => {
        runs += 1;
        if (runs === 2) throw new Snooze(10);
        if (runs < 4) throw new Error(`run ${runs}`);
      },
    },
    { backoffOf: () => "exponential:10ms..1h" },
  );
  const id = await enqueue({ name: "mixed" });
  await event("succeeded", id);
  expect(events.filter((e) => e.kind === "errored")).toMatchObject([{ delayMs: 10 }, { delayMs: 20 }]);
  expect((await find(id))?.errors).toMatchObject([
    { attempt: 1, message: "run 1" },
    { attempt: 2, message: "run 3" },
  ]);
});

test("a task that snoozes after its cancel was asked for is cancelled", async () => {
  const worker = await register();
  const id = await enqueue({ name: "late" });
  const task = await claim(worker, "late");
  await cancelTask(bed.store, id);
  const { attempt, claimedAt } = task;
  const completed = await completeTasks(bed.store, worker, [
    { id, attempt, claimedAt, transition: snooze(task) },
  ]);
  expect(completed).toEqual([{ id, state: "cancelled" }]);
});

test("a snooze that is stored twice, since the first answer was lost, does not return the same attempt's next run", async () => {
  const worker = await register();
  const id = await enqueue({ name: "twice" });
  const first = await claim(worker, "twice");
  const completion = { id, attempt: 1, claimedAt: first.claimedAt, transition: snooze(first) };
  expect(await completeTasks(bed.store, worker, [completion])).toEqual([{ id, state: "pending" }]);
  const second = await claim(worker, "twice");
  expect([second.attempt, second.claimedAt === first.claimedAt]).toEqual([1, false]);
  expect(await completeTasks(bed.store, worker, [completion])).toBeEmpty();
  expect(await find(id)).toMatchObject({ state: "running", attempt: 1, workerId: worker });
});

test("a stale outcome and the task's next one, waiting together, are each answered for themselves", async () => {
  const worker = await register();
  const id = await enqueue({ name: "both" });
  const first = await claim(worker, "both");
  // Its answer was lost: the store has the snooze, and the completer will send it once more.
  await completeTasks(bed.store, worker, [
    { id, attempt: 1, claimedAt: first.claimedAt, transition: snooze(first) },
  ]);
  const second = await claim(worker, "both");
  const events: EngineEvent[] = [];
  const completer = new Completer({
    store: bed.store,
    emit: (event) => events.push(event),
    toPlain: (value) => value,
    backoffOf: () => undefined,
    isBusy: () => false,
    onReturned: () => {},
    onEnded: () => {},
  });
  const took = { waitedMs: 0, durationMs: 1 };
  completer.complete(worker, first, { outcome: { kind: "snoozed", delayMs: 0 }, ...took });
  completer.complete(worker, second, { outcome: { kind: "succeeded", result: "once" }, ...took });
  await completer.flush();
  await completer.stop();
  expect(events.map((event) => event.kind)).toEqual(["refused", "succeeded"]);
  expect(await find(id)).toMatchObject({ state: "succeeded", result: "once" });
});

test("outcomes of a busy worker gather, but for one that lets the next of its serial key start", async () => {
  const worker = await register();
  const ids = [await enqueue({ name: "busy" }), await enqueue({ name: "busy", serialKey: "s" })];
  const plain = await claim(worker, "busy");
  const serial = await claim(worker, "busy");
  const completer = new Completer({
    store: bed.store,
    emit: () => {},
    toPlain: (value) => value,
    backoffOf: () => undefined,
    isBusy: () => true,
    gatherMs: 3_600_000,
    onReturned: () => {},
    onEnded: () => {},
  });
  const ending = { outcome: { kind: "succeeded", result: null }, waitedMs: 0, durationMs: 1 } as const;
  completer.complete(worker, plain, ending);
  expect(completer.waiting).toBe(1);
  completer.complete(worker, serial, ending);
  await until(() => completer.waiting === 0);
  await completer.stop();
  expect(await Promise.all(ids.map(async (id) => (await find(id))?.state))).toEqual([
    "succeeded",
    "succeeded",
  ]);
});

test("each attempt's error is kept with time, worker, message and stack, the newest ten", async () => {
  const { worker, event } = await start({ bad: fails }, { backoffOf: () => "fixed:0s" });
  const workerId = worker.status().workerId;
  const id = await enqueue({ name: "bad", maxAttempts: 12 });
  await event("failed", id);
  await until(async () => (await find(id))?.state === "failed");
  const errors = (await find(id))?.errors ?? [];
  expect(errors.map(({ attempt }) => attempt)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(errors.at(-1)).toMatchObject({
    workerId,
    message: "no",
    stack: expect.stringContaining("Error: no"),
  });
  expect(Date.now() - Date.parse(errors.at(-1)?.at ?? "")).toBeLessThan(60_000);
});
