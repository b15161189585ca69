/** What is known of commits that did not wait for the disk, by itself and by what Postgres says of its log. */
import { beforeAll, describe, expect, test } from "bun:test";
import { claimTasks } from "../../src/store/claim/claim.ts";
import { claimBounded } from "../../src/store/claim/claim-bounded.ts";
import { FlushOrder } from "../../src/store/flush-order.ts";
import { until } from "../until.ts";
import { createOnceBed, succeeded } from "./enqueue/once-bed.ts";

/** @returns what tells whether it has resolved by now. */
function watch(promise: Promise<void>) {
  let resolved = false;
  void promise.then(() => {
    resolved = true;
  });
  return async () => {
    await Promise.resolve();
    return resolved;
  };
}

describe("a commit that did not wait", () => {
  test("is on the disk once one that was sent after it has changed something", async () => {
    const order = new FlushOrder();
    const before = order.flushing();
    const isFlushed = watch(order.unflushed());
    // One that is refused is never called.
    order.flushing();
    const after = order.flushing();
    before();
    expect(await isFlushed()).toBe(false);
    after();
    expect(await isFlushed()).toBe(true);
  });

  test("is not known to be there when the connection was lost in between, whatever is committed later", async () => {
    const order = new FlushOrder();
    const isFlushed = watch(order.unflushed());
    const after = order.flushing();
    order.connectionLost();
    after();
    order.flushing()();
    expect(await isFlushed()).toBe(false);
    const isNextFlushed = watch(order.unflushed());
    order.flushing()();
    expect(await isNextFlushed()).toBe(true);
  });
});

describe("a claim", () => {
  const bed = createOnceBed();
  let workerId: number;
  beforeAll(async () => {
    workerId = await bed.register();
  });

  const enqueue = (count: number) => bed.enqueueAll(Array.from({ length: count }, () => ({})));
  const unflushed = () => ({ workerId, names: ["a"], queues: [], limit: 1, unflushed: true });
  /** Where the log ends, and whether the disk has it up to there. */
  async function readLog(): Promise<{ end: string; unflushed: boolean }> {
    const [row] = await bed.store.sql<{ end: string; unflushed: boolean }[]>`
      select pg_current_wal_insert_lsn()::text as end, pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn() as unflushed`;
    if (row === undefined) throw new Error("Postgres says nothing of its log");
    return row;
  }
  async function isFlushedTo(end: string): Promise<boolean> {
    const [row] = await bed.store.sql<{ flushed: boolean }[]>`
      select pg_current_wal_flush_lsn() >= ${end}::text::pg_lsn as flushed`;
    return row?.flushed ?? false;
  }

  const claims = [
    ["from the head", () => claimTasks(bed.store, unflushed())],
    ["from a bound", () => claimBounded(bed.store, unflushed(), [])],
  ] as const;
  for (const [what, claim] of claims)
    test(`${what} that does not wait leaves its commit to the next completion`, async () => {
      const { flushes } = bed.store;
      await enqueue(100);
      const first = await bed.claim();
      let end = "";
      let isFlushed = () => Promise.resolve(true);
      // Postgres writes by itself what nobody waits for, five times a second.
      await until(async () => {
        isFlushed = watch(flushes.unflushed());
        await claim();
        const log = await readLog();
        end = log.end;
        return log.unflushed;
      });
      expect(await isFlushed()).toBe(false);
      // Refused, it commits nothing.
      expect(await bed.complete({ ...first, attempt: first.attempt + 1 }, succeeded)).toEqual([]);
      expect(await isFlushed()).toBe(false);
      expect(await bed.complete(first, succeeded)).toHaveLength(1);
      expect(await isFlushed()).toBe(true);
      expect(await isFlushedTo(end)).toBe(true);
    });

  test("is not known to be there after its connection has ended", async () => {
    await enqueue(2);
    const first = await bed.claim();
    const [hot] = await bed.store.hot<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const isFlushed = watch(bed.store.flushes.unflushed());
    await claimTasks(bed.store, unflushed());
    await bed.store.sql`select pg_terminate_backend(${hot?.pid ?? 0}, 5000)`;
    await until(async () => (await bed.complete(first, succeeded).catch(() => [])).length === 1);
    expect(await isFlushed()).toBe(false);
  });
});
