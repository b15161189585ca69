/** The claim that begins at bounds: what it takes, in which order, and that it walks only from there. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import fc from "fast-check";
import { type ClaimBound, claimBounded } from "../../../src/store/claim/claim-bounded.ts";
import { openStore, type Store } from "../../../src/store/connection.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import { explainPrepared, pathsToScans } from "./plans.ts";

let database: TestDatabase;
let store: Store;
let workerId: number;
beforeAll(async () => {
  database = await createDatabase();
  // One connection, so that what it has prepared can be asked for.
  store = openStore({ url: database.url, applicationName: "fiscaut-tasks test", maxConnections: 1 });
  workerId = await registerWorker(store, { host: "test", pid: 1, version: "test", leaseMs: 60_000 });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});
beforeEach(async () => {
  await store.sql`truncate fiscaut_tasks.task, fiscaut_tasks.queue`;
  await store.sql`insert into fiscaut_tasks.queue (name) values ('q'), ('r')`;
});

interface Placed {
  queue: string;
  name: string;
  priority: number;
  /** Microseconds after the epoch of these tests. */
  at: number;
}

const runAt = (at: number) => `2026-01-01 00:00:00.${String(at).padStart(6, "0")}+00`;

/** @returns their ids, in this order. */
async function place(tasks: Placed[]): Promise<number[]> {
  const ids: number[] = [];
  for (const { queue, name, priority, at } of tasks) {
    const [row] = await store.sql<{ id: number }[]>`
      insert into fiscaut_tasks.task (queue, name, payload, priority, max_attempts, run_at, due)
      values (${queue}, ${name}, '{}', ${priority}, 25, ${runAt(at)}::text::timestamptz, true) returning id`;
    ids.push(row?.id ?? 0);
  }
  return ids;
}

const claim = (limit: number, bounds: ClaimBound[] = []) =>
  claimBounded(store, { workerId, names: ["a", "b"], queues: [], limit }, bounds);

test("takes from each priority what lies after its bound, and all of the priorities without one", async () => {
  const at = (priority: number, micros: number) => ({ queue: "q", name: "a", priority, at: micros });
  const [high, , atBound, after, between, , low] = await place([
    at(9, 1),
    at(5, 1),
    at(5, 2),
    at(5, 2),
    at(4, 1),
    at(3, 1),
    at(-2, 1),
  ]);
  const bounds = [
    { priority: 3, runAt: runAt(1_000), id: 0 },
    { priority: 5, runAt: runAt(2), id: atBound ?? 0 },
  ];
  const { tasks } = await claim(10, bounds);
  expect(tasks.map(({ id }) => id)).toEqual([high, after, between, low] as number[]);
});

test("tells where it came to in each priority, to the microsecond", async () => {
  const ids = await place([
    { queue: "q", name: "a", priority: 1, at: 1_001 },
    { queue: "r", name: "b", priority: 1, at: 1_002 },
    { queue: "q", name: "b", priority: 1, at: 1_002 },
    { queue: "q", name: "b", priority: 0, at: 7 },
  ]);
  const { last } = await claim(10);
  expect(last.toSorted((a, b) => b.priority - a.priority)).toEqual([
    { priority: 1, runAt: "2026-01-01 00:00:00.001002+00", id: ids[2] ?? 0 },
    { priority: 0, runAt: "2026-01-01 00:00:00.000007+00", id: ids[3] ?? 0 },
  ]);
});

test("tells an instant that serves as a bound, where nothing was left", async () => {
  const { tasks, secondBefore } = await claim(10);
  expect(tasks).toBeEmpty();
  await place([{ queue: "q", name: "a", priority: 0, at: 1 }]);
  expect((await claim(10, [{ priority: 0, runAt: secondBefore, id: 0 }])).tasks).toBeEmpty();
  expect((await claim(10)).tasks).toHaveLength(1);
});

test("takes the tasks of any lanes in the order of claims, however many at a time, each once", async () => {
  const placed = fc.record({
    queue: fc.constantFrom("q", "r"),
    name: fc.constantFrom("a", "b"),
    priority: fc.constantFrom(-2_147_483_648, -1, 0, 1, 2_147_483_647),
    at: fc.nat(5),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(placed, { maxLength: 25 }),
      fc.integer({ min: 1, max: 6 }),
      async (tasks, limit) => {
        await store.sql`delete from fiscaut_tasks.task`;
        const ids = await place(tasks);
        const expected = tasks
          .map((task, i) => ({ ...task, id: ids[i] ?? 0 }))
          .sort((a, b) => b.priority - a.priority || a.at - b.at || a.id - b.id)
          .map(({ id }) => id);
        const bounds = new Map<number, ClaimBound>();
        const taken: number[] = [];
        for (;;) {
          const { tasks: claimed, last } = await claim(limit, [...bounds.values()]);
          for (const bound of last) bounds.set(bound.priority, bound);
          // Within a claim they are told by the millisecond, then the id.
          taken.push(
            ...claimed.map(({ id }) => id).sort((a, b) => expected.indexOf(a) - expected.indexOf(b)),
          );
          if (claimed.length < limit) break;
        }
        expect(taken).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
});

test("locks no more than it takes of a lane", async () => {
  await place(Array.from({ length: 20 }, (_, i) => ({ queue: "q", name: "a", priority: i % 4, at: i })));
  await store.sql.begin(async (transaction) => {
    const sql = transaction as unknown as Store["sql"];
    const within = { ...store, hot: sql };
    const bounds = [3, 2, 1].map((priority) => ({ priority, runAt: runAt(0), id: 0 }));
    await claimBounded(within, { workerId, names: ["a"], queues: [], limit: 3 }, bounds);
    const [row] = await sql<{ locked: number }[]>`
      select count(*) as locked from fiscaut_tasks.task where xmax::text::bigint = pg_current_xact_id()::text::bigint`;
    // What it has taken keeps the lock in its new version.
    expect(row?.locked).toBe(3);
  });
});

test("descends to each place in the index's order and stops at its limit", async () => {
  await store.sql`
    insert into fiscaut_tasks.task (queue, name, payload, priority, max_attempts, run_at, due)
    select 'q', 'a', '{}', i % 7, 25, now() - i * interval '1 s', true from generate_series(1, 20000) as i`;
  await store.sql`analyze fiscaut_tasks.task`;
  await claim(10, [{ priority: 6, runAt: runAt(0), id: 0 }]);
  const paths = pathsToScans(await explainPrepared(store.hot, "%between_bounds%"));
  expect(paths.map((path) => path.at(-1)?.["Index Name"])).toEqual(["task_claim", "task_claim"]);
  for (const path of paths) {
    const types = path.map((node) => node["Node Type"]);
    expect(types.slice(types.lastIndexOf("Limit"))).toEqual(["Limit", "LockRows", "Index Scan"]);
  }
  const [between, from] = paths.map((path) => path.at(-1)?.["Index Cond"]);
  expect(between).toMatch(/priority < .* AND \(priority > /);
  expect(from).toMatch(/priority = part\.priority\) AND \(ROW\(run_at, id\) > ROW/);
});
