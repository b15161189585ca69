/** What becomes of a backlog of quick tasks while its database crashes, with a Postgres of its own. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { openStore, type Store } from "../../src/store/connection.ts";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { makePartitions } from "../../src/store/history/history-partitions.ts";
import { migrate } from "../../src/store/migration/migrate.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { makeWorkplace } from "../store/embedded/fixture.ts";
import { until } from "../until.ts";
import { startWorker } from "./start-worker.ts";

const workplace = makeWorkplace();
let url: string;
let store: Store;
/** Of the test itself. */
let own: Store;
beforeAll(async () => {
  ({ url } = await workplace.open(join(await workplace.newDirectory(), "data")));
  store = openStore({ url, applicationName: "crashed", maxConnections: 6 });
  own = openStore({ url, applicationName: "of the test", maxConnections: 2 });
  await migrate(own);
  await makePartitions(own);
}, 120_000);
afterAll(async () => {
  await store.close();
  await own.close();
});

/** As by the kernel when memory runs out: of one process of Postgres, which ends all others, and recovers. */
async function crash(): Promise<void> {
  const [backend] = await own.sql<{ pid: number }[]>`
    select pid from pg_stat_activity where application_name = 'crashed' limit 1`;
  if (backend === undefined) throw new Error("the worker has no connection");
  process.kill(backend.pid, "SIGKILL");
}

test("none is lost and none runs twice", async () => {
  const count = 24_000;
  const crashes = 8;
  const runs = new Map<unknown, number>();
  const quick = async (payload: unknown) => {
    runs.set(payload, (runs.get(payload) ?? 0) + 1);
  };
  await enqueueBatch(
    own,
    { title: "quick", skipped: {}, enqueuedBy: null },
    Array.from({ length: count }, (_, payload) => checkNewTask({ name: "quick", payload })),
  );
  const database = { url, store, drop: async () => {} };
  const { worker } = await startWorker(database, { quick }, { pollIntervalMs: 100, concurrency: 10 });
  for (let n = 1; n <= crashes; n++) {
    await until(() => runs.size >= (n * count) / (crashes + 1), 20_000);
    await until(() =>
      crash().then(
        () => true,
        () => false,
      ),
    );
  }
  const countDone = async () =>
    (await own.sql`select 1 from fiscaut_tasks.task_history where state = 'succeeded'`.catch(() => []))
      .length;
  await until(async () => (await countDone()) === count, 30_000);
  expect({ run: runs.size, times: [...new Set(runs.values())] }).toEqual({ run: count, times: [1] });
  await worker.stop("done", 1_000);
}, 90_000);
