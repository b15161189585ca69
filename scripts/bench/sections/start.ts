/** From a worker's start to its first task's, which waits there already. */
import { choose, interleave, type Section } from "../bed/run.ts";
import { startWorkers } from "../bed/workers.ts";
import { comparison } from "../measure/table.ts";
import { firstStartOf } from "../measure/tallies.ts";

const names = ["ours", "graphile-best", "graphile", "pg-boss-best", "pg-boss", "bullmq"];
const startsARound = 5;
const limitMs = 30_000;

export const startSection: Section = {
  name: "start",
  title: "Start to first task",
  async measure(run) {
    const chosen = choose(run, names);
    const rounds = run.options.rounds * startsARound;
    const more = { ...run, options: { ...run.options, rounds } };
    const measured = await interleave(more, "start", chosen, async (contender) => {
      await using bed = await contender.open(run.servers);
      await bed.fill({ queued: 1 });
      await using workers = await startWorkers(run.servers, contender, bed, { tasks: 1 });
      if (!(await workers.waitForRuns(1, limitMs))) throw new Error(`${contender.name} started nothing`);
      const startedMs = Math.min(...workers.children.map((child) => child.startedMs));
      return (firstStartOf(await workers.tallies()) ?? Number.NaN) - startedMs;
    });
    run.report(comparison("ms", measured, "graphile-best"));
  },
};
