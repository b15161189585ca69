/** What a worker costs that has nothing to do: processor, transactions, memory. */
import { choose, interleave, type Section } from "../bed/run.ts";
import { startWorkers } from "../bed/workers.ts";
import { residentBytesOf } from "../measure/process-figures.ts";
import { spreadText, table } from "../measure/table.ts";
import { usageOver } from "../measure/usage.ts";

const names = ["ours", "graphile-best", "graphile", "pg-boss-best", "pg-boss", "bullmq"];
export const idleSection: Section = {
  name: "idle",
  title: "An idle worker",
  async measure(run) {
    const seconds = run.options.seconds ?? 30;
    const measured = await interleave(run, "idle", choose(run, names), async (contender) => {
      await using bed = await contender.open(run.servers);
      await using workers = await startWorkers(run.servers, contender, bed, { tasks: 1 });
      const usage = await usageOver(seconds, run.servers, bed, workers);
      return {
        ...usage,
        megabytes: workers.children.reduce((sum, { pid }) => sum + residentBytesOf(pid), 0) / 1e6,
      };
    });
    const rows = [...measured].map(([contender, rounds]) => [
      contender.title,
      spreadText(rounds.map(({ workersCpu }) => workersCpu)),
      spreadText(rounds.map(({ postgresCpu }) => postgresCpu)),
      spreadText(rounds.map(({ transactions }) => transactions)),
      spreadText(rounds.map(({ megabytes }) => megabytes)),
    ]);
    const head = ["contender", "worker, % of a core", "Postgres, %", "transactions/s", "resident MB"];
    run.report(`${seconds} s without a task\n\n${table(head, rows)}`);
  },
};
