/** `worker.mjs CONTENDER QUEUE`: a peer's worker, whose handler of QUEUE tallies and does nothing else. */
import { ran } from "../measure/tally.mjs";
import * as tunings from "./tunings.mjs";

const [contender, queue] = process.argv.slice(2);

const start = {
  graphile: startGraphile,
  "graphile-best": startGraphile,
  "pg-boss": startPgBoss,
  "pg-boss-best": startPgBoss,
  bullmq: startBullmq,
  "bullmq-durable": startBullmq,
};
const stop = await start[contender]();
process.once("SIGTERM", async () => {
  await stop();
  process.exit(0);
});

async function startGraphile() {
  const { Logger, run } = await import("graphile-worker");
  const tuning = tunings.graphile[contender];
  // Without a tuning it logs each job, as it comes.
  const logger = contender === "graphile" ? {} : { logger: new Logger(() => () => {}) };
  const runner = await run({
    preset: { worker: { connectionString: process.env.DATABASE_URL, ...logger, ...tuning } },
    noHandleSignals: true,
    taskList: { [queue]: (payload) => ran(payload.i) },
  });
  return () => runner.stop();
}

async function startPgBoss() {
  const { PgBoss } = await import("pg-boss");
  const { instance, work } = tunings.pgBoss[contender];
  const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, ...instance });
  boss.on("error", (error) => process.stderr.write(`${error.stack}\n`));
  await boss.start();
  await boss.work(queue, work, async (jobs) => {
    for (const job of jobs) ran(job.data.i);
  });
  return () => boss.stop({ graceful: true, timeout: 2_000 });
}

async function startBullmq() {
  const { Worker } = await import("bullmq");
  const connection = { url: process.env.REDIS_URL, maxRetriesPerRequest: null };
  const worker = new Worker(queue, async (job) => ran(job.data.i), {
    connection,
    ...tunings.bullmq[contender],
  });
  return () => worker.close();
}
