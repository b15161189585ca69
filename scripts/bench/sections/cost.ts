/** What a task costs: WAL, and processor time of Postgres and of the worker. */
import { choose, interleave, type Section } from "../bed/run.ts";
import { drain } from "../measure/drain.ts";
import { median } from "../measure/statistics.ts";
import { spreadText, table } from "../measure/table.ts";

const limitMs = 30_000;
const names = [
  "ours",
  "ours-no-history",
  "graphile-best",
  "graphile",
  "pg-boss-best",
  "raw",
  "raw-no-history",
];

export const costSection: Section = {
  name: "cost",
  title: "Cost of a task",
  async measure(run) {
    const queued = run.options.size ?? 50_000;
    for (const checkpoint of [false, true]) {
      const when = checkpoint ? "just after a checkpoint" : "long after a checkpoint";
      const measured = await interleave(run, `cost, ${when}`, choose(run, names), (contender) =>
        drain(run.servers, contender, { backlog: { queued }, checkpoint, limitMs }),
      );
      const rows = [...measured].map(([contender, rounds]) => [
        contender.title,
        spreadText(rounds.map(({ walBytes }) => walBytes)),
        spreadText(rounds.map(({ postgresUs }) => postgresUs)),
        spreadText(rounds.map(({ workerUs }) => workerUs)),
        String(median(rounds.map(({ connections }) => connections))),
      ]);
      const head = ["contender", "WAL bytes", "Postgres µs", "worker µs", "connections"];
      run.report(`A drain of ${queued}, ${when}\n\n${table(head, rows)}`);
    }
  },
};
