/** What happens at once: ends, looks and other verbs around one waiting task, on connections of their own. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { openStore, type Store } from "../../../src/store/connection.ts";
import { cancelTask } from "../../../src/store/control/cancel.ts";
import { retryTask } from "../../../src/store/control/retry.ts";
import { enqueueTask } from "../../../src/store/enqueue/enqueue.ts";
import { findReady, findWaitersOf, settleWaits } from "../../../src/store/waits/release.ts";
import { checkNewTask } from "../../../src/task/doors/new-task.ts";
import { type ChainBed, createChainBed, fails, succeeds } from "./chain-bed.ts";

const rounds = 40;

let bed: ChainBed;
/** Each as another worker's. */
let stores: Store[];
beforeAll(async () => {
  bed = await createChainBed();
  stores = Array.from({ length: 4 }, () =>
    openStore({ url: bed.url, applicationName: "fiscaut-tasks test", maxConnections: 4 }),
  );
});
afterEach(() => bed.clear());
afterAll(async () => {
  for (const store of stores) await store.close();
  await bed.drop();
});

const waitingCount = async () =>
  (
    await bed.store.sql<{ count: number }[]>`select count(*) as count from fiscaut_tasks.task where waiting`
  )[0]?.count;

test("the last two of a batch that end at one moment, each with a look after it, release its completion task", async () => {
  for (let round = 0; round < rounds; round++) {
    await bed.enqueueAll([{}, {}], {});
    const ends = (await bed.claimAll()).map(async (task, index) => {
      const store = stores[index] ?? bed.store;
      const ended = await bed.complete([task], succeeds, store);
      await settleWaits(store, await findWaitersOf(store, ended));
    });
    expect(ends).toHaveLength(2);
    await Promise.all(ends);
    expect(await waitingCount()).toBe(0);
    expect(await bed.run()).toHaveLength(1);
  }
});

test("many looks at once release each of many tasks, and fail each, once", async () => {
  const [good, bad] = [await bed.enqueue(), await bed.enqueue()];
  const released = await bed.enqueueAll(Array.from({ length: 300 }, () => ({ after: [good] })));
  await bed.enqueueAll(Array.from({ length: 300 }, () => ({ after: [good, bad] })));
  for (const task of await bed.claimAll()) await bed.complete([task], task.id === good ? succeeds : fails);
  const failed = await Promise.all(
    stores.map(async (store) => await settleWaits(store, (await findReady(store)).ready)),
  );
  expect(failed.flat()).toHaveLength(300);
  expect(new Set(failed.flat().map(({ id }) => id)).size).toBe(300);
  expect((await bed.claimAll()).map(({ batchId }) => batchId)).toEqual(
    Array.from({ length: 300 }, () => released.id),
  );
  expect([await waitingCount(), await bed.openWaits()]).toEqual([0, 0]);
});

test("a task that is enqueued while what it waits for ends is released by one of the two", async () => {
  const [enqueuer = bed.store, worker = bed.store] = stores;
  for (let round = 0; round < rounds; round++) {
    const first = await bed.enqueue();
    const [claimed] = await bed.claimAll();
    if (claimed === undefined) throw new Error("it was due");
    await Promise.all([
      enqueueTask(enqueuer, checkNewTask({ name: "a", after: [first] })),
      bed
        .complete([claimed], succeeds, worker)
        .then(async (ended) => settleWaits(worker, await findWaitersOf(worker, ended))),
    ]);
    expect(await waitingCount()).toBe(0);
    expect(await bed.run()).toHaveLength(1);
  }
});

test("a cancel or a retry beside the look takes the task or leaves it, whole", async () => {
  const [looker = bed.store, other = bed.store] = stores;
  for (let round = 0; round < rounds; round++) {
    const first = await bed.enqueue();
    const id = await bed.enqueue({ after: [first] });
    await bed.complete(await bed.claimAll(), round % 3 === 0 ? fails : succeeds);
    await Promise.all([
      settleWaits(looker, [id]),
      round % 2 === 0 ? cancelTask(other, id) : retryTask(other, id),
    ]);
    expect(["pending", "failed", "cancelled"]).toContain(await bed.stateOf(id));
    await bed.run();
  }
  await bed.look();
  expect([await waitingCount(), await bed.openWaits()]).toEqual([0, 0]);
});
