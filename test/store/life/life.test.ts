/**
 * A model-based test: random lives of many tasks among several workers, on a real Postgres under a clock that the test
 * moves, held to `task-model.ts` after every step. A failure prints the shortest history that shows it. What a step
 * may be stands in `life-steps.ts`.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { openStore, type Store } from "../../../src/store/connection.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";
import type { Life } from "./life.ts";
import { histories, registerWorkers } from "./life-steps.ts";
import { TaskModel } from "./task-model.ts";

const numRuns = 250;
/** The model's 0. */
const epoch = "2026-01-01Z";

let database: TestDatabase;
/** Its clock is the test's: a schema before pg_catalog in the search path holds another one. */
let store: Store;
beforeAll(async () => {
  database = await createDatabase();
  await database.store.sql.unsafe(`
    create schema test_clock;
    create table test_clock.clock (at timestamptz not null);
    insert into test_clock.clock values ('${epoch}');
    create function test_clock.now() returns timestamptz language sql stable as 'select at from test_clock.clock';
    create function test_clock.clock_timestamp() returns timestamptz language sql stable as 'select at from test_clock.clock';`);
  const url = new URL(database.url);
  url.searchParams.set("search_path", "test_clock, pg_catalog");
  store = openStore({ url: url.href, applicationName: "fiscaut-tasks test", maxConnections: 4 });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

async function beginLife(): Promise<Life> {
  await store.sql`
    truncate fiscaut_tasks.task, fiscaut_tasks.task_history, fiscaut_tasks.worker, fiscaut_tasks.queue,
      fiscaut_tasks.queue_limit, fiscaut_tasks.queue_slot, fiscaut_tasks.task_after`;
  await store.sql`update test_clock.clock set at = ${epoch}`;
  const life: Life = { store, model: new TaskModel(), untold: [], told: [] };
  await registerWorkers(life);
  return life;
}

interface StoredTask {
  id: number;
  state: string;
  attempt: number;
  worker: number | null;
  runAtMs: number;
  key: string | null;
  serialKey: string | null;
  blocked: boolean;
  waiting: boolean;
  cancelRequested: boolean;
  superseded: boolean;
}

async function readTasks(): Promise<StoredTask[]> {
  const shared = store.sql`
    id, attempt, key, serial_key as "serialKey",
    (extract(epoch from run_at - ${epoch}::timestamptz) * 1000)::float8 as "runAtMs"`;
  const rows = await store.sql<StoredTask[]>`
    select ${shared}, case when worker_id is null then 'pending' else 'running' end as state, worker_id as worker,
      blocked, waiting, cancel_requested as "cancelRequested", superseded is true as superseded
    from fiscaut_tasks.task
    union all
    select ${shared}, state, null, false, false, false, false from fiscaut_tasks.task_history
    order by id`;
  return [...rows];
}

function compare(stored: StoredTask[], model: TaskModel): void {
  const expected: StoredTask[] = [...model.tasks.values()].map((task) => {
    const { id, state, attempt, runAtMs, blocked, cancelRequested, superseded } = task;
    const [key, serialKey] = [task.key ?? null, task.serialKey ?? null];
    const worker = task.execution?.workerId ?? null;
    const waiting = task.waits !== undefined;
    return {
      id,
      attempt,
      key,
      serialKey,
      runAtMs,
      state,
      worker,
      blocked,
      waiting,
      cancelRequested,
      superseded,
    };
  });
  expect(stored).toEqual(expected.toSorted((a, b) => a.id - b.id));
}

/** What must hold whatever the model says. */
function checkInvariants(stored: StoredTask[]): void {
  const live = stored.filter((task) => task.state === "pending" || task.state === "running");
  const atMostOnce = (what: string, values: (number | string | null)[]) => {
    const given = values.filter((value) => value !== null);
    expect({ what, repeated: given.length - new Set(given).size }).toEqual({ what, repeated: 0 });
  };
  const ids = stored.map((task) => task.id);
  const keys = live.map((task) => task.key);
  const serialHeads = live.filter((task) => !task.blocked).map((task) => task.serialKey);
  atMostOnce("a task is in one place", ids);
  atMostOnce("a key has one live task", keys);
  atMostOnce("a serial key has one task that may run", serialHeads);
}

test(`${numRuns} random histories of tasks are those of the model, step by step`, async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const life = await beginLife();
      for (const { name, run } of history) {
        try {
          await run(life);
          const stored = await readTasks();
          checkInvariants(stored);
          compare(stored, life.model);
        } catch (error) {
          throw new Error(`after "${name}" of: ${history.map((each) => each.name).join("; ")}`, {
            cause: error,
          });
        }
      }
    }),
    { numRuns, endOnFailure: false },
  );
}, 300_000);
