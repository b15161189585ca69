/** What workers and Postgres use up over a time: of workers that have nothing to do, say. */
import type { Workers } from "../bed/workers.ts";
import type { Bed, Servers } from "../contenders/contender.ts";
import { cpuMsOfFamily } from "./process-figures.ts";

export interface Usage {
  /** Percent of one core, all workers together. */
  workersCpu: number;
  postgresCpu: number;
  /** Transactions of the contender's database a second. */
  transactions: number;
}

/** Backends tell the statistics of what they did up to ten seconds later: as late before as after. */
const settleMs = 15_000;

/** Of no Postgres, its figures are NaN. */
export async function usageOver(
  seconds: number,
  servers: Servers,
  bed: Bed,
  workers: Workers,
): Promise<Usage> {
  await Bun.sleep(settleMs);
  const before = await look();
  await Bun.sleep(seconds * 1000);
  const after = await look();
  const percent = (ms: number) => ms / seconds / 10;
  return {
    workersCpu: percent(after.workersMs - before.workersMs),
    postgresCpu: percent(after.postgresMs - before.postgresMs),
    transactions: (after.transactions - before.transactions) / seconds,
  };

  async function look() {
    const { postgres } = servers;
    const workersMs = workers.children.reduce((sum, { pid }) => sum + cpuMsOfFamily(pid), 0);
    if (bed.database === undefined) return { workersMs, postgresMs: Number.NaN, transactions: Number.NaN };
    const transactions = await postgres.transactionsOf(bed.database.name);
    return { workersMs, postgresMs: (await postgres.usage()).cpuMs, transactions };
  }
}
