/** What is known of commits that did not wait for the disk, by itself and by what Postgres says of its log. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { completeTasks } from "../../src/store/attempt/complete.ts";
import { claimTasks } from "../../src/store/claim/claim.ts";
import { claimBounded } from "../../src/store/claim/claim-bounded.ts";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { FlushOrder } from "../../src/store/flush-order.ts";
import { registerWorker } from "../../src/store/worker.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { settle } from "../../src/task/settle.ts";
import type { ClaimedTask } from "../../src/task/task.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { until } from "../until.ts";

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
    const [refused, after] = [order.flushing(), order.flushing()];
    before();
    expect(await isFlushed()).toBe(false);
    // One that is refused is never called.
    expect(refused).toBeFunction();
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
  let database: TestDatabase;
  let workerId: number;
  beforeAll(async () => {
    database = await createDatabase();
    workerId = await registerWorker(database.store, {
      host: "test",
      pid: 1,
      version: "test",
      leaseMs: 60_000,
    });
  });
  afterAll(() => database.drop());

  const enqueue = (count: number) =>
    enqueueBatch(
      database.store,
      { title: "a", skipped: {}, enqueuedBy: null },
      Array.from({ length: count }, () => checkNewTask({ name: "a" })),
    );
  const request = (unflushed: boolean) => ({ workerId, names: ["a"], queues: [], limit: 1, unflushed });
  const complete = ({ id, attempt, maxAttempts, backoff }: ClaimedTask, by = workerId) =>
    completeTasks(database.store, by, [
      {
        id,
        attempt,
        transition: settle({ attempt, maxAttempts, backoff }, { kind: "succeeded", result: null }),
      },
    ]);
  /** Where the log ends, and whether the disk has it up to there. */
  async function readLog(): Promise<{ end: string; unflushed: boolean }> {
    const [row] = await database.store.sql<{ end: string; unflushed: boolean }[]>`
      select pg_current_wal_insert_lsn()::text as end, pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn() as unflushed`;
    if (row === undefined) throw new Error("Postgres says nothing of its log");
    return row;
  }
  async function isFlushedTo(end: string): Promise<boolean> {
    const [row] = await database.store.sql<{ flushed: boolean }[]>`
      select pg_current_wal_flush_lsn() >= ${end}::text::pg_lsn as flushed`;
    return row?.flushed ?? false;
  }

  const claims = [
    ["from the head", (unflushed: boolean) => claimTasks(database.store, request(unflushed))],
    [
      "from a bound",
      async (unflushed: boolean) => (await claimBounded(database.store, request(unflushed), [])).tasks,
    ],
  ] as const;
  for (const [what, claim] of claims)
    test(`${what} that does not wait leaves its commit to the next completion`, async () => {
      const { flushes } = database.store;
      await enqueue(100);
      const [first] = await claim(false);
      let end = "";
      let isFlushed = () => Promise.resolve(true);
      // Postgres writes by itself what nobody waits for, five times a second.
      await until(async () => {
        isFlushed = watch(flushes.unflushed());
        await claim(true);
        const log = await readLog();
        end = log.end;
        return log.unflushed;
      });
      expect(await isFlushed()).toBe(false);
      if (first === undefined) throw new Error("nothing was claimed");
      // Refused, it commits nothing.
      expect(await complete(first, workerId + 1)).toEqual([]);
      expect(await isFlushed()).toBe(false);
      expect(await complete(first)).toHaveLength(1);
      expect(await isFlushed()).toBe(true);
      expect(await isFlushedTo(end)).toBe(true);
    });

  test("is not known to be there after its connection has ended", async () => {
    await enqueue(2);
    const [first] = await claimTasks(database.store, request(false));
    const [hot] = await database.store.hot<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const isFlushed = watch(database.store.flushes.unflushed());
    await claimTasks(database.store, request(true));
    await database.store.sql`select pg_terminate_backend(${hot?.pid ?? 0}, 5000)`;
    if (first === undefined) throw new Error("nothing was claimed");
    await until(async () => (await complete(first).catch(() => [])).length === 1);
    expect(await isFlushed()).toBe(false);
  });
});
