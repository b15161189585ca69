/** What a claim costs that finds nothing, after long queues and beside long backlogs; ours alone, as the engine claims. */
import { BoundedClaims } from "../../../src/engine/bounded-claims.ts";
import { completeTasks } from "../../../src/store/attempt/complete.ts";
import { openStore, type Store } from "../../../src/store/connection.ts";
import { registerWorker } from "../../../src/store/worker.ts";
import { settle } from "../../../src/task/settle.ts";
import { holdSnapshot } from "../bed/postgres-server.ts";
import { contenderCalled, type Run, type Section } from "../bed/run.ts";
import type { Backlog } from "../contenders/contender.ts";
import { Unfaithful } from "../measure/drain.ts";
import { percentile } from "../measure/statistics.ts";
import { figure, table } from "../measure/table.ts";

const claims = 200;
const slots = 10;
/** Taken at once, to drain a queue before the measure. */
const portion = 1_000;
const million = 1_000_000;

interface Case {
  what: string;
  backlog: Backlog;
  held?: boolean;
}

const cases: readonly Case[] = [
  { what: "an empty queue", backlog: { queued: 0 } },
  { what: "after 20,000 tasks", backlog: { queued: 20_000 } },
  { what: "after a million tasks", backlog: { queued: million } },
  { what: "beside a million future tasks", backlog: { queued: 0, future: million } },
  { what: "beside a million finished tasks", backlog: { queued: 0, finished: million } },
  { what: "under a held snapshot, after 100,000 tasks", backlog: { queued: 100_000 }, held: true },
  { what: "under a held snapshot, after 300,000 tasks", backlog: { queued: 300_000 }, held: true },
];

export const emptyClaimSection: Section = {
  name: "empty-claim",
  title: "A claim that finds nothing",
  async measure(run) {
    const rows: string[][] = [];
    for (const each of cases) {
      run.note(`empty claim, ${each.what}`);
      const tookMs = await measure(run, each);
      rows.push([each.what, ...[50, 95, 100].map((percent) => figure(percentile(tookMs, percent)))]);
    }
    run.report(`${claims} claims each\n\n${table(["", "p50 ms", "p95", "max"], rows)}`);
  },
};

async function measure(run: Run, { backlog, held = false }: Case): Promise<number[]> {
  await using bed = await contenderCalled("ours").open(run.servers);
  if (bed.database === undefined) throw new Error("ours is kept in Postgres");
  const most = run.options.size ?? million;
  const { queued, future = 0, finished = 0 } = backlog;
  await bed.fill({
    queued: Math.min(queued, most),
    future: Math.min(future, most),
    finished: Math.min(finished, most),
  });
  await using _ = held ? await holdSnapshot(bed.database) : undefined;
  const store = openStore({ url: bed.database.url, applicationName: "empty-claim", maxConnections: 1 });
  try {
    const identity = { host: "bench", pid: process.pid, version: "bench", leaseMs: 3_600_000 };
    const workerId = await registerWorker(store, identity);
    const bounded = new BoundedClaims(store);
    const claim = (limit: number) => bounded.claim({ workerId, names: ["noop"], queues: [], limit });
    const drained = await drain(store, workerId, claim);
    if (drained !== Math.min(queued, most))
      throw new Unfaithful(`${drained} tasks were claimed of ${queued}`);
    const tookMs: number[] = [];
    for (let n = 0; n < claims; n++) {
      const startedAtMs = performance.now();
      await claim(slots);
      tookMs.push(performance.now() - startedAtMs);
    }
    return tookMs;
  } finally {
    await store.close();
  }
}

/** Claims and completes all that is due; how many that were. */
async function drain(
  store: Store,
  workerId: number,
  claim: (limit: number) => ReturnType<BoundedClaims["claim"]>,
): Promise<number> {
  for (let drained = 0; ; ) {
    const { tasks, fromHead } = await claim(portion);
    if (tasks.length === 0 && fromHead) return drained;
    const completions = tasks.map((task) => ({
      id: task.id,
      attempt: task.attempt,
      transition: settle(task, { kind: "succeeded", result: null }),
    }));
    drained += (await completeTasks(store, workerId, completions)).length;
  }
}
