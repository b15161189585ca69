/** How fast tasks are stored: one by one, in bulk, and by fifty callers at once. No worker runs them meanwhile. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Calls, call, waitForHttp } from "../bed/calls.ts";
import { runChild } from "../bed/children.ts";
import { choose, interleave, type Run, type Section } from "../bed/run.ts";
import { startWorkers } from "../bed/workers.ts";
import { type Bed, type Contender, payloadPad } from "../contenders/contender.ts";
import { executable } from "../contenders/ours.ts";
import { instantMs } from "../measure/clock.mjs";
import { comparison } from "../measure/table.ts";

const ways = ["ours", "ours-http", "graphile-best", "pg-boss", "bullmq", "raw"];
const callersAtOnce = 50;
const limitMs = 30_000;

export const enqueueSection: Section = {
  name: "enqueue",
  title: "Enqueue",
  async measure(run) {
    const one = run.options.size ?? 1_000;
    await compare(run, "one by one", [...ways, "bullmq-durable"], { way: "one", count: one, warmUp: true });
    await compare(run, `${callersAtOnce} callers at once`, ways, {
      way: "one",
      count: one * 20,
      callers: callersAtOnce,
      warmUp: true,
    });
    for (const count of [1_000, 10_000, 100_000]) {
      await compare(run, `${count} in one call`, ways, { way: "many", count }, count);
    }
  },
};

/** @param batch how many the command enqueues, beside the callers; 0: it does not take part. */
async function compare(
  run: Run,
  what: string,
  names: readonly string[],
  calls: Calls,
  batch = 0,
): Promise<void> {
  const chosen = choose(run, names);
  const command: Contender | undefined = chosen.find(({ name }) => name === "ours");
  const byCommand =
    command && batch > 0 ? { ...command, title: "fiscaut-tasks enqueue --stdin-ndjson" } : undefined;
  const all = byCommand === undefined ? chosen : [byCommand, ...chosen];
  const rates = await interleave(run, `enqueue, ${what}`, all, (contender) =>
    contender === byCommand ? rateOfCommand(run, contender, batch) : rateOfCalls(run, contender, calls),
  );
  run.report(`${what}\n\n${comparison("tasks/s", rates, "graphile-best")}`);
}

async function rateOfCalls(run: Run, contender: Contender, calls: Calls): Promise<number> {
  await using bed = await contender.open(run.servers);
  if (contender.caller !== "ours-http") return await rateOf(contender, bed, calls, "");
  // The door is the worker's; it serves another queue, so that the tasks stay.
  await using workers = await startWorkers(run.servers, contender, bed, { tasks: 0, elsewhere: true });
  await waitForHttp(contender, workers.http);
  return await rateOf(contender, bed, calls, workers.http);
}

async function rateOf(contender: Contender, bed: Bed, calls: Calls, http: string): Promise<number> {
  const { made, tookMs } = await call(contender, bed, { ...calls, limitMs }, http);
  return (made / tookMs) * 1000;
}

/** From the command's start to its end. */
async function rateOfCommand(run: Run, contender: Contender, count: number): Promise<number> {
  await using bed = await contender.open(run.servers);
  const lines = Array.from({ length: count }, (_, i) => JSON.stringify({ payload: { i, pad: payloadPad } }));
  const file = join(run.servers.folder, "tasks.ndjson");
  await writeFile(file, `${lines.join("\n")}\n`);
  const startedMs = instantMs();
  await runChild([executable, "enqueue", "noop", "--stdin-ndjson"], bed.env, limitMs * 2, file);
  return (count / (instantMs() - startedMs)) * 1000;
}
