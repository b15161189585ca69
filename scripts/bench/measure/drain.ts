/** One drain: a backlog is there, workers start, and run it to its durable end. */
import { holdSnapshot } from "../bed/postgres-server.ts";
import { startWorkers } from "../bed/workers.ts";
import type { Backlog, Contender, Servers } from "../contenders/contender.ts";
import { instantMs } from "./clock.mjs";
import { cpuMsOf } from "./process-figures.ts";
import { countTasks, firstStartOf } from "./tallies.ts";

export interface DrainOptions {
  backlog: Backlog;
  workers?: number;
  /** A session keeps a snapshot from before the first claim open, as pg_dump does. */
  heldSnapshot?: boolean;
  /** A checkpoint just before: each page that is changed is then written whole to the WAL once. */
  checkpoint?: boolean;
  /** Beyond it the drain is cut off, and its rate is that of what was done. */
  limitMs: number;
}

export interface Drained {
  /** Of durably finished tasks, from the first start on. */
  perSecond: number;
  wasCut: boolean;
  /** Of each task: WAL in bytes, processor time in microseconds. Of no Postgres: NaN. */
  walBytes: number;
  postgresUs: number;
  workerUs: number;
  /** Open ones of all workers, half-way through. */
  connections: number;
}

export class Unfaithful extends Error {}

const startWithinMs = 30_000;
const completedWithinMs = 30_000;
/** So many rows written by the fill that a checkpoint might begin in the drain: rather before it. */
const manyRows = 300_000;

/** @throws Unfaithful when a task ran twice or not at all. */
export async function drain(servers: Servers, contender: Contender, options: DrainOptions): Promise<Drained> {
  const { backlog, workers = 1, limitMs } = options;
  const { queued } = backlog;
  await using bed = await contender.open(servers);
  await bed.fill(backlog);
  const rows = queued + (backlog.future ?? 0) + (backlog.finished ?? 0);
  if (options.checkpoint ?? rows > manyRows) await servers.postgres.checkpoint();
  const isHeld = options.heldSnapshot === true && bed.database !== undefined;
  await using _ = isHeld ? await holdSnapshot(bed.database) : undefined;
  const before = await servers.postgres.usage();
  await using running = await startWorkers(servers, contender, bed, { tasks: queued, workers });
  if (!(await running.waitForRuns(1, startWithinMs))) throw new Error(`${contender.name} started nothing`);
  await running.waitForRuns(queued / 2, limitMs);
  const connections = await countConnections();
  const startedMs = firstStartOf(await running.tallies()) ?? 0;
  const isOver = await running.waitForRuns(queued, Math.max(0, startedMs + limitMs - instantMs()));
  const left = await waitUntilFinished(isOver);
  const tookMs = instantMs() - startedMs;
  const cpuMs = running.children.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0);
  const after = await servers.postgres.usage();
  const tallies = await running.tallies();
  const firstCpuMs = tallies.reduce((sum, tally) => sum + (tally?.firstCpuMs ?? 0), 0);
  const finished = queued - left;
  await check(running.tallyPaths, isOver);
  const perTask = (figure: number) => (bed.database === undefined ? Number.NaN : figure / finished);
  return {
    perSecond: (finished / tookMs) * 1000,
    wasCut: !isOver,
    walBytes: perTask(after.walBytes - before.walBytes),
    postgresUs: perTask((after.cpuMs - before.cpuMs) * 1000),
    workerUs: ((cpuMs - firstCpuMs) / finished) * 1000,
    connections,
  };

  /** How many are left: none, unless the drain was cut off. */
  async function waitUntilFinished(isOver: boolean): Promise<number> {
    const deadline = performance.now() + completedWithinMs;
    for (;;) {
      const left = await bed.countUnfinished(queued);
      if (!isOver || left === 0) return left;
      if (performance.now() > deadline)
        throw new Unfaithful(`${contender.name}: ${left} of ${queued} tasks ran and were not completed`);
      await Bun.sleep(2);
    }
  }

  async function countConnections(): Promise<number> {
    if (bed.database === undefined) return Number.NaN;
    const [row] = await bed.database.sql<{ count: string }[]>`
      select count(*) from pg_stat_activity
      where datname = ${bed.database.name} and backend_type = 'client backend' and application_name <> 'bench'`;
    return Number(row?.count);
  }

  async function check(paths: readonly string[], isOver: boolean): Promise<void> {
    // One that goes on running has no end to count at.
    if (!isOver) return;
    const { duplicates, missed } = await countTasks(paths, queued);
    if (duplicates > 0 || missed > 0)
      throw new Unfaithful(`${contender.name}: ${duplicates} tasks ran again, ${missed} of ${queued} never`);
  }
}
