/** What becomes of tasks when the worker's connections are ended at any moment, or lose what comes over them. */
import { afterEach, expect, test } from "bun:test";
import { openStore, type Store } from "../../src/store/connection.ts";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";
import { until } from "../until.ts";
import { createWorkerBed } from "./worker-bed.ts";

const bed = createWorkerBed();
let proxy: TcpProxy | undefined;
const stores: Store[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await proxy?.close();
  proxy = undefined;
});

/** A worker whose connections are its own, so that only they are in trouble. Its first claim takes five: half of its slots. */
async function startTroubled(url: string, pooled = false) {
  const store = openStore({ url, applicationName: "troubled", maxConnections: 6, pooled });
  stores.push(store);
  const runs = new Map<number, number>();
  const work = async (payload: unknown) => {
    const n = Number(payload);
    runs.set(n, (runs.get(n) ?? 0) + 1);
  };
  const { worker } = await bed.start({ work }, { store, pollIntervalMs: 100, concurrency: 10 });
  return { runs, worker };
}

const enqueue = (count: number) =>
  enqueueBatch(
    bed.store,
    { title: "work", skipped: {}, enqueuedBy: null },
    Array.from({ length: count }, (_, n) => checkNewTask({ name: "work", payload: n })),
  );

/** By state, of all tasks. */
async function count(): Promise<Record<string, number>> {
  const rows = await bed.store.sql<{ state: string; count: number }[]>`
    select case when worker_id is null then 'pending' else 'running' end as state, count(*) from fiscaut_tasks.task group by 1
    union all select state, count(*) from fiscaut_tasks.task_history group by 1`;
  return Object.fromEntries(rows.map((row) => [row.state, row.count]));
}

test("none is lost and none runs twice while all connections are ended again and again", async () => {
  const { runs, worker } = await startTroubled(bed.url);
  await enqueue(300);
  for (let n = 0; n < 20; n++) {
    await bed.store
      .sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'troubled'`;
    await Bun.sleep(n * 5);
  }
  await until(async () => (await count())["succeeded"] === 300, 45_000);
  expect(await count()).toEqual({ succeeded: 300 });
  expect(new Set(runs.values())).toEqual(new Set([1]));
  await worker.stop("done", 1_000);
}, 60_000);

test("those of a claim whose answer was lost are found and run, once", async () => {
  proxy = await startTcpProxy(Number(new URL(bed.url).port));
  // Before the worker starts: else a claim that finds nothing might be the one that is lost.
  await enqueue(5);
  // The first is for no task, and makes ready for the others. Nothing is prepared: the proxy can see what is asked.
  proxy.loseAnswerAfter("set worker_id = ", 1);
  const { runs, worker } = await startTroubled(proxy.through(bed.url), true);
  await until(async () => (await count())["running"] === 5);
  expect(runs.size).toBe(0);
  proxy.cut();
  await until(async () => (await count())["succeeded"] === 5);
  expect([...runs.values()]).toEqual([1, 1, 1, 1, 1]);
  await worker.stop("done", 1_000);
}, 30_000);
