/** How fast a backlog is run to its durable end. */
import { choose, interleave, type Run, type Section } from "../bed/run.ts";
import { type DrainOptions, drain } from "../measure/drain.ts";
import { comparison } from "../measure/table.ts";

const limitMs = 20_000;
const many = 1_000_000;
const postgresOnes = [
  "ours",
  "ours-no-history",
  "graphile-best",
  "graphile",
  "pg-boss-best",
  "pg-boss",
  "raw",
  "raw-no-history",
];
const fastOnes = ["ours", "graphile-best", "raw"];

export const drainSection: Section = {
  name: "drain",
  title: "Drain",
  async measure(run) {
    const queued = run.options.size ?? 20_000;
    const some = Math.min(queued, 100_000);
    await compare(run, `${queued} queued`, [...postgresOnes, "bullmq"], { backlog: { queued } });
    await compare(run, `${some} queued, two workers`, fastOnes, { backlog: { queued: some }, workers: 2 });
    await compare(run, `${some} queued, four workers`, fastOnes, { backlog: { queued: some }, workers: 4 });
    await compare(run, `${some} queued, beside a held snapshot`, fastOnes, {
      backlog: { queued: some },
      heldSnapshot: true,
    });
  },
};

export const drainBesideSection: Section = {
  name: "drain-beside",
  title: "Drain beside a million future and a million finished tasks",
  async measure(run) {
    const queued = run.options.size ?? 20_000;
    await compare(run, "nothing beside", fastOnes, { backlog: { queued } });
    const backlog = { queued, future: many, finished: many };
    await compare(run, `${many} future and ${many} finished beside`, [...fastOnes, "pg-boss-best"], {
      backlog,
    });
  },
};

export const drainManySection: Section = {
  name: "drain-many",
  title: "Drain of long queues",
  async measure(run) {
    for (const queued of run.options.size === undefined ? [100_000, many] : [run.options.size]) {
      const names = queued > 100_000 ? fastOnes : [...fastOnes, "pg-boss-best", "bullmq"];
      await compare(run, `${queued} queued`, names, { backlog: { queued }, limitMs: 120_000 });
    }
  },
};

async function compare(
  run: Run,
  what: string,
  names: readonly string[],
  options: Omit<DrainOptions, "limitMs"> & { limitMs?: number },
): Promise<void> {
  const measured = await interleave(run, `drain, ${what}`, choose(run, names), (contender) =>
    drain(run.servers, contender, { limitMs, ...options }),
  );
  const rates = new Map(
    [...measured].map(([contender, rounds]) => [contender, rounds.map((r) => r.perSecond)]),
  );
  const wasCut = new Set([...measured].flatMap(([c, rounds]) => (rounds.some((r) => r.wasCut) ? [c] : [])));
  const remark = (contender: Parameters<typeof wasCut.has>[0]) => (wasCut.has(contender) ? ", cut off" : "");
  run.report(`${what}\n\n${comparison("tasks/s", rates, "graphile-best", remark)}`);
}
