/** From the call that enqueues a task to its handler's start, and to its durable completion. */
import { type Calls, call, callWhenItAnswers } from "../bed/calls.ts";
import { choose, interleave, type Run, type Section } from "../bed/run.ts";
import { startWorkers } from "../bed/workers.ts";
import type { Contender } from "../contenders/contender.ts";
import { Unfaithful } from "../measure/drain.ts";
import { pairedRatio, percentile } from "../measure/statistics.ts";
import { figure, spreadText, table } from "../measure/table.ts";
import { countTasks } from "../measure/tallies.ts";

const names = [
  "ours",
  "ours-http",
  "graphile-best",
  "graphile",
  "pg-boss-best",
  "bullmq",
  "bullmq-durable",
  "raw",
];
const against = "graphile-best";
/** Calls that are made and not counted. */
const warmUp = 30;
const startWithinMs = 30_000;
/** Half of what the better Postgres peers enqueue one by one. */
const halfLoadPerSecond = 400;

interface Latencies {
  /** Milliseconds, a call each. */
  toStart: number[];
  toDone: number[];
}

export const latencySection: Section = {
  name: "latency",
  title: "Latency",
  async measure(run) {
    const count = (run.options.size ?? 200) + warmUp;
    const pauseMs = 15;
    await compare(run, "idle, one at a time, call to start", { way: "paced", count, pauseMs }, "toStart");
    const watched = { way: "paced", count, pauseMs, watch: true } as const;
    await compare(run, "idle, one at a time, call to durable completion", watched, "toDone");
    const seconds = run.options.seconds ?? 5;
    const loaded = {
      way: "paced",
      count: halfLoadPerSecond * seconds,
      perSecond: halfLoadPerSecond,
    } as const;
    await compare(run, `${halfLoadPerSecond} calls a second, call to start`, loaded, "toStart");
  },
};

async function compare(run: Run, what: string, calls: Calls, which: keyof Latencies): Promise<void> {
  const chosen = choose(run, names);
  const measured = await interleave(run, `latency, ${what}`, chosen, (contender) =>
    measure(run, contender, calls),
  );
  const percentiles = (contender: Contender, percent: number) =>
    measured.get(contender)?.map((round) => percentile(round[which], percent)) ?? [];
  const peer = chosen.find(({ name }) => name === against);
  const ratio = (contender: Contender, percent: number) =>
    peer === undefined
      ? "-"
      : figure(pairedRatio(percentiles(contender, percent), percentiles(peer, percent)));
  const rows = chosen.map((contender) => [
    contender.title,
    ...[50, 95, 99, 100].map((percent) => spreadText(percentiles(contender, percent))),
    ratio(contender, 50),
    ratio(contender, 95),
  ]);
  const head = ["contender", "p50 ms", "p95", "p99", "max", `p50, times ${against}`, "p95"];
  run.report(`${what}\n\n${table(head, rows)}`);
}

async function measure(run: Run, contender: Contender, calls: Calls): Promise<Latencies> {
  await using bed = await contender.open(run.servers);
  const tasks = calls.count + 1;
  await using workers = await startWorkers(run.servers, contender, bed, { tasks });
  // The first tells that the worker takes tasks.
  await callWhenItAnswers(contender, bed, workers.http);
  if (!(await workers.waitForRuns(1, startWithinMs))) throw new Error(`${contender.name} started nothing`);
  const { calledMs, doneMs, made } = await call(contender, bed, { ...calls, from: 1 }, workers.http);
  if (!(await workers.waitForRuns(made + 1, startWithinMs)))
    throw new Unfaithful(`${contender.name}: not all of ${made} tasks ran`);
  const { starts, duplicates } = await countTasks(workers.tallyPaths, tasks);
  if (duplicates > 0) throw new Unfaithful(`${contender.name}: ${duplicates} tasks ran again`);
  const skipped = warmUpOf(calls.perSecond);
  const since = (instants: ArrayLike<number>) =>
    calledMs.slice(skipped, made).map((calledAtMs, n) => (instants[n + skipped] ?? 0) - calledAtMs);
  return { toStart: since(starts.subarray(1)), toDone: since(doneMs) };
}

/** A second of a load, within which connections are opened. */
function warmUpOf(perSecond = warmUp): number {
  return Math.max(warmUp, perSecond);
}
