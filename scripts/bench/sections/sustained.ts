/** Minutes of work without a pause: what is done a second, and how large tables and indexes become. */
import { choose, interleave, type Run, type Section } from "../bed/run.ts";
import { startWorkers } from "../bed/workers.ts";
import type { Bed, Contender } from "../contenders/contender.ts";
import { Unfaithful } from "../measure/drain.ts";
import { figure, table } from "../measure/table.ts";
import { readTallies, totalOf } from "../measure/tallies.ts";

const names = ["ours", "graphile-best", "raw"];
const portion = 5_000;
/** A worker never runs dry, and no queue grows. */
const backlog = 20_000;
const samples = 10;
const startWithinMs = 30_000;

interface Sample {
  seconds: number;
  /** Since the sample before. */
  perSecond: number;
  tableBytes: number;
  indexBytes: number;
}

export const sustainedSection: Section = {
  name: "sustained",
  title: "Sustained",
  async measure(run) {
    const once = { ...run, options: { ...run.options, rounds: 1 } };
    const seconds = run.options.seconds ?? 300;
    const measured = await interleave(once, `sustained, ${seconds} s`, choose(run, names), (contender) =>
      sustain(run, contender, seconds),
    );
    const rows = [...measured].flatMap(([contender, [taken = []]]) =>
      taken.map((sample) => [
        contender.title,
        figure(sample.seconds),
        figure(sample.perSecond),
        figure(sample.tableBytes / 1e6),
        figure(sample.indexBytes / 1e6),
      ]),
    );
    const head = ["contender", "after s", "tasks/s", "tables MB", "indexes MB"];
    run.report(`${backlog} queued at any time, put there by SQL meanwhile\n\n${table(head, rows)}`);
  },
};

async function sustain(run: Run, contender: Contender, seconds: number): Promise<Sample[]> {
  await using bed = await contender.open(run.servers);
  await bed.fill({ queued: backlog });
  await using workers = await startWorkers(run.servers, contender, bed, { tasks: backlog });
  if (!(await workers.waitForRuns(1, startWithinMs))) throw new Error(`${contender.name} started nothing`);
  const ran = async () => totalOf(await readTallies(workers.tallyPaths));
  const startedAtMs = performance.now();
  const secondsSince = () => (performance.now() - startedAtMs) / 1000;
  const taken: Sample[] = [];
  let stored = backlog;
  let before = { seconds: 0, ran: await ran() };
  while (taken.length < samples) {
    const done = await ran();
    if (done > stored) throw new Unfaithful(`${contender.name}: ${done} tasks ran of ${stored}`);
    if (stored - done < backlog) {
      await bed.add(portion);
      stored += portion;
    } else await Bun.sleep(5);
    if (secondsSince() < ((taken.length + 1) * seconds) / samples) continue;
    const now = { seconds: secondsSince(), ran: done };
    const perSecond = (now.ran - before.ran) / (now.seconds - before.seconds);
    taken.push({ seconds: now.seconds, perSecond, ...(await sizesOf(bed)) });
    before = now;
  }
  return taken;
}

async function sizesOf({ database }: Bed): Promise<Pick<Sample, "tableBytes" | "indexBytes">> {
  if (database === undefined) return { tableBytes: Number.NaN, indexBytes: Number.NaN };
  const [row] = await database.sql<{ tables: string; indexes: string }[]>`
    select sum(pg_table_size(c.oid)) as tables, sum(pg_indexes_size(c.oid)) as indexes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')`;
  return { tableBytes: Number(row?.tables), indexBytes: Number(row?.indexes) };
}
