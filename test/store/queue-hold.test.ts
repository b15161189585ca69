/** Holding queues: what a hold means to claims, which of two holds stands, and how each kind ends. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { claimTasks } from "../../src/store/claim/claim.ts";
import { claimFromLimited, readLimitedQueues } from "../../src/store/claim/claim-limited.ts";
import { enqueueTask } from "../../src/store/enqueue/enqueue.ts";
import { claimProbe, endHolds, holdQueue, putProbeOff, releaseQueue } from "../../src/store/queue-hold.ts";
import { changeQueue, findQueue } from "../../src/store/queues.ts";
import { registerWorker } from "../../src/store/worker.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import type { DoorEvent } from "../../src/task/events.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";

let database: TestDatabase;
let workerId: number;
let events: DoorEvent[];
beforeAll(async () => {
  database = await createDatabase();
  workerId = await registerWorker(database.store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.store.sql`
    truncate fiscaut_tasks.task, fiscaut_tasks.queue, fiscaut_tasks.queue_limit, fiscaut_tasks.queue_hold`;
  events = [];
  database.store.onEvent = (event) => events.push(event);
});

const away = { reason: "away", forMs: null };
const hold = (reason: string, forMs: number | null) => holdQueue(database.store, "q", { reason, forMs });
const held = async () => (await findQueue(database.store, "q"))?.held;
const enqueue = (queue: string) => enqueueTask(database.store, checkNewTask({ name: "a", queue }));
const request = () => ({ workerId, names: ["a"], queues: [], limit: 10 });
const probe = (atOnce = false) => claimProbe(database.store, "q", { leaseMs: 60_000, atOnce });
/** Sets the hold's instants back, as if so much time had passed. */
const pass = (ms: number) => database.store.sql`
  update fiscaut_tasks.queue_hold set since = since - ${ms} * interval '1 ms',
    until = until - ${ms} * interval '1 ms', next_probe_at = next_probe_at - ${ms} * interval '1 ms'`;

describe("a held queue", () => {
  test("is passed by, whatever else waits, and goes on when it is released", async () => {
    await enqueue("q");
    await enqueue("other");
    await holdQueue(database.store, "q", away);
    expect((await claimTasks(database.store, request())).map(({ queue }) => queue)).toEqual(["other"]);
    await releaseQueue(database.store, "q");
    expect((await claimTasks(database.store, request())).map(({ queue }) => queue)).toEqual(["q"]);
  });

  test("with limits too: nothing of it waits for a start", async () => {
    await changeQueue(database.store, "q", { maxRunning: 5 });
    await enqueue("q");
    await holdQueue(database.store, "q", away);
    const served = { names: ["a"], queues: [] };
    expect(await readLimitedQueues(database.store, served)).toEqual({ any: true, waiting: [] });
    expect((await claimFromLimited(database.store, "q", request())).tasks).toEqual([]);
    await releaseQueue(database.store, "q");
    expect((await claimFromLimited(database.store, "q", request())).tasks).toHaveLength(1);
  });

  test("may be one that nobody has named yet, and keeps a pause of its own", async () => {
    await changeQueue(database.store, "q", { paused: true });
    await hold("away", null);
    await holdQueue(database.store, "new", away);
    expect(await findQueue(database.store, "new")).toMatchObject({
      paused: false,
      held: { reason: "away", until: null },
    });
    await releaseQueue(database.store, "q");
    expect(await findQueue(database.store, "q")).toMatchObject({ paused: true, held: null });
  });
});

describe("of two holds", () => {
  test("the one that a probe has to end stands, whichever came first", async () => {
    await hold("slow down", 10_000);
    await hold("away", null);
    await hold("slow down", 99_000);
    expect(await held()).toMatchObject({ reason: "away", until: null });
  });

  test("the longer of those that end by themselves stands", async () => {
    await hold("slow down", 60_000);
    const long = (await held())?.until;
    await hold("slow down", 1_000);
    expect((await held())?.until).toEqual(long as Date);
  });

  test("the second is told only where its reason is another", async () => {
    await Promise.all(Array.from({ length: 20 }, () => hold("away", null)));
    await hold("key refused", null);
    expect(events).toEqual([
      { kind: "queue-held", queue: "q", reason: "away", forMs: null },
      { kind: "queue-held", queue: "q", reason: "key refused", forMs: null },
    ]);
  });
});

describe("a hold that ends by itself", () => {
  test("ends when its time has come, once, though many ask", async () => {
    await hold("slow down", 30_000);
    expect((await endHolds(database.store)).nextInMs).toBeWithin(20_000, 30_001);
    expect(await held()).not.toBeNull();
    await pass(31_000);
    await Promise.all(Array.from({ length: 5 }, () => endHolds(database.store)));
    expect(await held()).toBeNull();
    expect(events.filter(({ kind }) => kind === "queue-released")).toHaveLength(1);
  });

  test("is no probe's to end", async () => {
    await hold("slow down", 30_000);
    expect(await probe(true)).toEqual({ claimed: false, nextInMs: undefined });
    expect(await releaseQueue(database.store, "q")).toBe(false);
    expect(await held()).not.toBeNull();
  });
});

describe("a hold that a probe has to end", () => {
  test("is probed by one worker at a time, first after five seconds", async () => {
    await hold("away", null);
    const first = await probe();
    expect(!first.claimed && first.nextInMs).toBeWithin(4_000, 5_001);
    await pass(5_001);
    const claims = await Promise.all(Array.from({ length: 5 }, () => probe()));
    expect(claims.filter(({ claimed }) => claimed)).toEqual([{ claimed: true, probes: 0 }]);
  });

  test("is probed by another worker when the one that has claimed it is gone", async () => {
    await hold("away", null);
    expect(await probe(true)).toEqual({ claimed: true, probes: 0 });
    expect(await probe()).toMatchObject({ claimed: false });
    await pass(60_001);
    expect(await probe()).toEqual({ claimed: true, probes: 0 });
  });

  test("is probed rarer each time, every minute in the end, and shows the latest reason", async () => {
    await hold("away", null);
    const delays: number[] = [];
    for (let probes = 0; probes < 6; probes++) {
      expect(await probe(true)).toEqual({ claimed: true, probes });
      await putProbeOff(database.store, "q", { reason: `probe ${probes}`, probes });
      const next = await probe();
      delays.push(Math.ceil((next.claimed ? 0 : (next.nextInMs ?? 0)) / 1_000));
    }
    expect(delays).toEqual([10, 20, 40, 60, 60, 60]);
    expect(await held()).toMatchObject({ reason: "probe 5" });
  });

  test("is told with how long it was when it ends, and a second release finds nothing", async () => {
    await hold("away", null);
    await pass(90_000);
    expect(await releaseQueue(database.store, "q")).toBe(true);
    expect(await releaseQueue(database.store, "q")).toBe(false);
    const released = events.filter((event) => event.kind === "queue-released");
    expect(released).toHaveLength(1);
    expect(released[0]?.heldMs).toBeWithin(90_000, 95_000);
  });

  test("stays released when a probe that has failed is told after that", async () => {
    await hold("away", null);
    await releaseQueue(database.store, "q");
    await putProbeOff(database.store, "q", { reason: "away", probes: 0 });
    expect(await held()).toBeNull();
  });
});
