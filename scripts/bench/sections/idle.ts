/** What a worker costs that has nothing to do: processor, transactions, memory. */
import { choose, interleave, type Section } from "../bed/run.ts";
import { startWorkers } from "../bed/workers.ts";
import { cpuMsOfFamily, residentBytesOf } from "../measure/process-figures.ts";
import { spreadText, table } from "../measure/table.ts";

const names = ["ours", "graphile-best", "graphile", "pg-boss-best", "pg-boss", "bullmq"];
/** Backends tell the statistics of what they did up to ten seconds later: as late before as after. */
const settleMs = 15_000;

interface Idle {
  /** Percent of one core. */
  workerCpu: number;
  postgresCpu: number;
  perSecond: number;
  megabytes: number;
}

export const idleSection: Section = {
  name: "idle",
  title: "An idle worker",
  async measure(run) {
    const seconds = run.options.seconds ?? 30;
    const { postgres } = run.servers;
    const measured = await interleave(run, "idle", choose(run, names), async (contender): Promise<Idle> => {
      await using bed = await contender.open(run.servers);
      await using workers = await startWorkers(run.servers, contender, bed, { tasks: 1 });
      const look = async () => ({
        cpuMs: workers.children.reduce((sum, { pid }) => sum + cpuMsOfFamily(pid), 0),
        postgresMs: (await postgres.usage()).cpuMs,
        transactions:
          bed.database === undefined ? Number.NaN : await postgres.transactionsOf(bed.database.name),
      });
      await Bun.sleep(settleMs);
      const before = await look();
      await Bun.sleep(seconds * 1000);
      const after = await look();
      const percent = (ms: number) => ms / seconds / 10;
      return {
        workerCpu: percent(after.cpuMs - before.cpuMs),
        postgresCpu: bed.database === undefined ? Number.NaN : percent(after.postgresMs - before.postgresMs),
        perSecond: (after.transactions - before.transactions) / seconds,
        megabytes: workers.children.reduce((sum, { pid }) => sum + residentBytesOf(pid), 0) / 1e6,
      };
    });
    const rows = [...measured].map(([contender, rounds]) => [
      contender.title,
      spreadText(rounds.map(({ workerCpu }) => workerCpu)),
      spreadText(rounds.map(({ postgresCpu }) => postgresCpu)),
      spreadText(rounds.map(({ perSecond }) => perSecond)),
      spreadText(rounds.map(({ megabytes }) => megabytes)),
    ]);
    const head = ["contender", "worker, % of a core", "Postgres, %", "transactions/s", "resident MB"];
    run.report(`${seconds} s without a task\n\n${table(head, rows)}`);
  },
};
