/** `stop`: asks the workers of a data folder to drain and end, where no signal and no supervisor can. */
import { defineCommand } from "citty";
import { OperatorError } from "../../../task/errors.ts";
import { exitCodes } from "../../exit-codes.ts";
import { readId } from "../../input/read-id.ts";
import { settingFlags } from "../../input/setting-flags.ts";
import { printJson, printLine } from "../../output/print.ts";
import { prepare } from "../../prepare.ts";
import { type FoundWorker, findWorkers } from "../../worker/running-workers.ts";

/** Beyond its drain time: aborting, flushing, and the shutdown of the embedded Postgres. */
const graceMs = 60_000;
const pollMs = 100;

export const stopCommand = defineCommand({
  meta: {
    name: "stop",
    description: "Ask the workers on this machine that have the data folder to finish their tasks and end",
    examples: ["fiscaut-tasks stop", "fiscaut-tasks stop --wait"],
  },
  args: {
    wait: { type: "boolean", description: "Return when they have ended" },
    pid: { type: "string", description: "Only the worker with this process id", valueHint: "pid" },
    json: { type: "boolean", description: "Print JSON" },
    ...settingFlags(),
  },
  async run(context) {
    const { args } = context;
    const pid = args["pid"] === undefined ? undefined : readId("--pid", String(args["pid"]));
    const { config } = prepare(context);
    const all = await findWorkers(config.dataDir);
    const workers = all.filter((worker) => pid === undefined || worker.pid === pid);
    for (const worker of workers) await worker.askToStop();
    if (!args.json && workers.length === 0)
      printLine(`no worker${pid === undefined ? "" : ` ${pid}`} runs with the data folder ${config.dataDir}`);
    if (!args.json && !args.wait)
      for (const worker of workers) printLine(`worker ${worker.pid} was asked to stop`);
    const outcomes = await Promise.all(
      workers.map(async (worker) => {
        const ended = args.wait === true && (await hasEnded(worker));
        if (!args.json && ended) printLine(`worker ${worker.pid} has stopped`);
        return { pid: worker.pid, startedAt: worker.startedAt, version: worker.version, ended };
      }),
    );
    if (args.json) printJson({ workers: outcomes });
    const lasting = outcomes.find(({ ended }) => args.wait === true && !ended);
    if (lasting === undefined) return exitCodes.ok;
    throw new OperatorError("unavailable", `worker ${lasting.pid} was asked to stop and still runs`, {
      hint: `read its log, and end process ${lasting.pid} by force if it hangs`,
    });
  },
});

async function hasEnded(worker: FoundWorker): Promise<boolean> {
  const deadline = performance.now() + worker.drainTimeoutMs + graceMs;
  while (await worker.runs()) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(pollMs);
  }
  return true;
}
