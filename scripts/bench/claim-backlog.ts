/**
 * `bun scripts/bench/claim-backlog.ts [TASKS]`: whether a backlog, a million tasks if not said otherwise, slows a claim.
 * Claims from an empty store and from full ones take turns, so that only ratios of one run mean something.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completeTasks } from "../../src/store/attempt/complete.ts";
import { claimTasks } from "../../src/store/claim/claim.ts";
import { openStore, type Store } from "../../src/store/connection.ts";
import { openEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { enqueueBatch } from "../../src/store/enqueue/enqueue-batch.ts";
import { migrate } from "../../src/store/migration/migrate.ts";
import { registerWorker } from "../../src/store/worker.ts";
import { checkNewTask } from "../../src/task/doors/new-task.ts";
import { settle } from "../../src/task/settle.ts";
import { median } from "./measure/statistics.ts";

const backlog = Number(process.argv[2] ?? 1_000_000);
const rounds = 300;
const claimed = 10;

/** What lies in the store beside the tasks that are claimed; each `i` is one task. */
const backlogs: Record<string, string | undefined> = {
  "nothing else": undefined,
  "the backlog in the same lane": "'default', 'mine', i % 10, now() - i * interval '1 ms', true",
  "the backlog of a name without handler": "'default', 'theirs', 9, now() - i * interval '1 ms', true",
  "the backlog in a queue not served": "'other', 'mine', 9, now() - i * interval '1 ms', true",
  "the backlog in the future": "'default', 'mine', 9, now() + interval '1 day' + i * interval '1 ms', false",
};

interface Bed {
  what: string;
  store: Store;
  workerId: number;
  tookMs: number[];
}

const folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-backlog-"));
// Started by root, Postgres runs as somebody else, who must be able to enter.
await chmod(folder, 0o755);
const postgres = await openEmbeddedPostgres({ dataDir: folder });
const beds: Bed[] = [];
try {
  for (const [what, columns] of Object.entries(backlogs)) beds.push(await makeBed(what, columns));
  for (let round = 0; round < rounds; round++) for (const bed of beds) await claimOnce(bed);
  report();
} finally {
  for (const { store } of beds) await store.close();
  await postgres.close();
  await rm(folder, { recursive: true, force: true });
}

/** A database of its own, with the backlog in it. */
async function makeBed(what: string, columns: string | undefined): Promise<Bed> {
  const name = `bed_${beds.length}`;
  const admin = openStore({ url: postgres.url, applicationName: "claim-backlog", maxConnections: 1 });
  await admin.sql.unsafe(`create database ${name}`);
  await admin.close();
  const url = Object.assign(new URL(postgres.url), { pathname: name }).href;
  const store = openStore({ url, applicationName: "claim-backlog", maxConnections: 1 });
  await migrate(store);
  const workerId = await registerWorker(store, {
    host: "bench",
    pid: 1,
    version: "bench",
    leaseMs: 3_600_000,
  });
  await store.sql`set statement_timeout = 0`;
  if (columns !== undefined)
    await store.sql.unsafe(`
      insert into fiscaut_tasks.task (queue, name, priority, run_at, due, payload, max_attempts)
      select ${columns}, '{}', 25 from generate_series(1, ${backlog}) as i`);
  // Enough to claim in each round, and at the front, so that all beds do the same work.
  const batch = { title: "mine", skipped: {}, enqueuedBy: null };
  const mine = Array.from({ length: rounds * claimed }, () => checkNewTask({ name: "mine", priority: 10 }));
  await enqueueBatch(store, batch, mine);
  await store.sql`vacuum analyze fiscaut_tasks.task`;
  return { what, store, workerId, tookMs: [] };
}

async function claimOnce({ store, workerId, tookMs }: Bed): Promise<void> {
  const startedAtMs = performance.now();
  const tasks = await claimTasks(store, { workerId, names: ["mine"], queues: ["default"], limit: claimed });
  tookMs.push(performance.now() - startedAtMs);
  if (tasks.length !== claimed) throw new Error(`${tasks.length} tasks were claimed instead of ${claimed}`);
  const completions = tasks.map((task) => ({
    id: task.id,
    attempt: task.attempt,
    transition: settle(task, { kind: "succeeded", result: null }),
  }));
  await completeTasks(store, workerId, completions);
}

function report(): void {
  const medians = beds.map(({ tookMs }) => median(tookMs));
  const [alone = 1] = medians;
  process.stdout.write(`median of ${rounds} claims of ${claimed} tasks, backlog ${backlog}\n`);
  beds.forEach(({ what }, index) => {
    const ms = medians[index] ?? 0;
    process.stdout.write(`| ${what} | ${ms.toFixed(2)} ms | ${(ms / alone).toFixed(2)} |\n`);
  });
}
