/**
 * How Postgres carries a claim out when a backlog lies in its lane: by the index's order, never by sorting the lane.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { claimTasks } from "../../../src/store/claim/claim.ts";
import { openStore, type Store } from "../../../src/store/connection.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { explainPrepared, pathsToScans } from "./plans.ts";

const backlog = 50_000;

let database: TestDatabase;
let store: Store;
let workerId: number;
beforeAll(async () => {
  database = await createDatabase();
  // One statement after another, so over one connection: what it has prepared can be asked for.
  store = openStore({ url: database.url, applicationName: "fiscaut-tasks test", maxConnections: 1 });
  workerId = await registerWorker(store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
  await store.sql`insert into fiscaut_tasks.queue (name) values ('q')`;
  await store.sql`
    insert into fiscaut_tasks.task (queue, name, payload, priority, max_attempts, run_at, due)
    select 'q', 'a', '{}', i % 7, 25, now() - i * interval '1 s', true from generate_series(1, ${backlog}::int) as i`;
  await store.sql`analyze fiscaut_tasks.task`;
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

test("a claim reads its lane in the index's order and stops at its limit", async () => {
  const claimed = await claimTasks(store, { workerId, names: ["a", "b"], queues: [], limit: 10 });
  expect(claimed.map(({ priority }) => priority)).toEqual(Array(10).fill(6));
  const paths = pathsToScans(await explainPrepared(store.hot, "%for update skip locked%"));
  expect(paths.map((path) => path.at(-1)?.["Index Name"])).toEqual(["task_claim"]);
  const types = (paths[0] ?? []).map((node) => node["Node Type"]);
  const lane = types.slice(types.lastIndexOf("Limit"));
  expect(lane).toEqual(["Limit", "LockRows", "Index Scan"]);
});
