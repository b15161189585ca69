/** Several workers on one Postgres: what they do together, and what a fleet costs that has nothing to do. */
import { choose, interleave, type Run, type Section } from "../bed/run.ts";
import { startWorkers } from "../bed/workers.ts";
import { drain } from "../measure/drain.ts";
import { median } from "../measure/statistics.ts";
import { figure, spreadText, table } from "../measure/table.ts";
import { usageOver } from "../measure/usage.ts";

const names = ["ours", "graphile-best"];
const fleet = 100;
/** Of its Postgres: a worker takes up to a dozen. */
const fleetConnections = 1_500;
/** A hundred processes start, on a few cores. */
const fleetStartMs = 60_000;
const limitMs = 60_000;

export const scaleOutSection: Section = {
  name: "scale-out",
  title: "Scale-out",
  async measure(run) {
    await measureTogether(run);
    await measureIdleFleet(run);
  },
};

async function measureTogether(run: Run): Promise<void> {
  const queued = run.options.size ?? 200_000;
  const rows: string[][] = [];
  for (const workers of [1, 2, 4, 8]) {
    const measured = await interleave(run, `scale-out, ${workers} workers`, choose(run, names), (contender) =>
      drain(run.servers, contender, { backlog: { queued }, workers, limitMs }),
    );
    for (const [contender, rounds] of measured)
      rows.push([
        contender.title,
        String(workers),
        spreadText(rounds.map(({ perSecond }) => perSecond)),
        figure(median(rounds.map(({ connections }) => connections)) / workers),
      ]);
  }
  const head = ["contender", "workers", "tasks/s, all together", "connections a worker"];
  run.report(
    `${queued} queued\n\n${table(
      head,
      rows.toSorted((a, b) => String(a[0]).localeCompare(String(b[0]))),
    )}`,
  );
}

async function measureIdleFleet(run: Run): Promise<void> {
  const seconds = run.options.seconds ?? 60;
  await run.servers.postgres.allowConnections(fleetConnections);
  const once = { ...run, options: { ...run.options, rounds: 1 } };
  const measured = await interleave(
    once,
    `an idle fleet of ${fleet}`,
    choose(run, names),
    async (contender) => {
      await using bed = await contender.open(run.servers);
      await using workers = await startWorkers(run.servers, contender, bed, { tasks: 1, workers: fleet });
      await Bun.sleep(fleetStartMs);
      return await usageOver(seconds, run.servers, bed, workers);
    },
  );
  const rows = [...measured].map(([contender, [fleetOf]]) => [
    contender.title,
    figure(fleetOf?.transactions ?? Number.NaN),
    figure((fleetOf?.transactions ?? Number.NaN) / fleet),
    figure(fleetOf?.workersCpu ?? Number.NaN),
    figure(fleetOf?.postgresCpu ?? Number.NaN),
  ]);
  const head = ["contender", "transactions/s", "of each worker", "all workers, % of a core", "Postgres, %"];
  run.report(`${fleet} workers without a task for ${seconds} s\n\n${table(head, rows)}`);
}
