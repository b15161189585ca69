/**
 * `npm start`: the main job end to end on this machine alone. Builds the executable, starts a stand-in for the
 * Fiscaut API that misbehaves now and then, syncs the sample company's suppliers, and checks that all have arrived.
 * On a terminal it stays up to be looked at. Processes are started and stopped by `processes.ts`.
 */
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CUT_OFF, type Fault } from "../../test/fiscaut-api/fault.ts";
import { startFiscautStandIn } from "../../test/fiscaut-api/stand-in.ts";
import { BUILD, DIST, ROOT } from "../build/paths.ts";
import { hostTarget } from "../build/targets.ts";
import { compareArrived } from "./expected.ts";
import { choosePort, cleanEnvironment, runToEnd, startWorker } from "./processes.ts";

const COMPANY = 1;
const REGISTERED = ["33000167000101", "47960950000121", "12ABC34501DE35"];
const SAMPLE = "csv:scripts/demo/data";

/** Early ones only, so that a task's second attempt meets none and the demo ends soon. */
function faultOf(nth: number): Fault | undefined {
  if (nth > 300) return undefined;
  if (nth % 30 === 0) return "429-seconds";
  if (nth % 40 === 7) return "500";
  if (nth % 60 === 13) return "reset";
  if (nth % 100 === 19) return "answer-lost";
  if (nth % 100 === 51) return "502-html";
  return undefined;
}

process.chdir(ROOT);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
process.exitCode = await runDemo(stop.signal).catch((error: unknown) => {
  if (stop.signal.aborted) {
    say("\nInterrupted. What the demo started is stopped.");
    return 130;
  }
  say(`The demo failed: ${error instanceof Error ? error.message : error}`);
  return 1;
});

async function runDemo(interrupted: AbortSignal): Promise<number> {
  await using cleanup = new AsyncDisposableStack();
  const ended = new AbortController();
  const stopped = AbortSignal.any([interrupted, ended.signal]);
  cleanup.defer(() => ended.abort()); // ends a sync that would wait for a worker that has died
  const { executable } = hostTarget();
  const program = join(DIST, executable);
  const show = (command: string[]) => say(`\n$ dist/${executable} ${command.join(" ")}`);

  say("Building the executable for this machine\n");
  const build = [process.execPath, "scripts/build.ts", "--target", "host"];
  const built = await runToEnd(build, { env: process.env, stdout: "inherit" }, stopped);
  if (built.exitCode !== 0) throw new Error("the build did not succeed");

  const api = startFiscautStandIn({
    apiKey: "demo-key",
    companies: REGISTERED,
    faults: faultOf,
    latencyMs: 20,
  });
  cleanup.defer(() => api.stop());
  say(`\nA stand-in for the Fiscaut API answers at ${api.url}`);

  // Not made here: the worker makes its own folder, and as root gives it to another user.
  const dataDir = join(tmpdir(), `fiscaut-tasks-demo-${process.pid}`);
  cleanup.defer(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
  const logPath = join(BUILD, "demo", "worker.log");
  await mkdir(join(BUILD, "demo"), { recursive: true });
  // Named by --config, it keeps whatever configuration this machine has out of the demo.
  const configPath = join(BUILD, "demo", "fiscaut-tasks.toml");
  await Bun.write(configPath, "# All defaults.\n");
  const common = ["--data-dir", dataDir, "--config", configPath];

  const port = choosePort(8430);
  const http = `http://127.0.0.1:${port}`;
  const run = ["run", "--port", String(port), ...common];
  show(run);
  const worker = startWorker([program, ...run], logPath, {
    ...cleanEnvironment(),
    FISCAUT_API_URL: api.url,
    FISCAUT_API_KEY: "demo-key",
    // A thousand records at one a second would take a while.
    FISCAUT_RATE: "off",
  });
  // A worker that died has been told of already. The Postgres it leaves ends by itself once its folder is gone.
  cleanup.defer(() => worker.stop().catch(() => {}));
  await worker.ready(`${http}/readyz`, stopped);

  const options = { env: { ...cleanEnvironment(), FISCAUT_TASKS_LOG_FORMAT: "pretty" } } as const;
  const ofSample = ["--source", SAMPLE, ...common];
  const enable = ["company", "enable", String(COMPANY), ...ofSample];
  show(enable);
  const enabled = await runToEnd([program, ...enable], { ...options, stdout: "inherit" }, stopped);
  if (enabled.exitCode !== 0) throw new Error(`company enable ended with exit code ${enabled.exitCode}`);

  const sync = ["sync", "suppliers", "--company", String(COMPANY), "--wait", "--json", ...ofSample];
  show(sync);
  const startedAt = performance.now();
  const synced = await Promise.race([
    runToEnd([program, ...sync], { ...options, stdout: "pipe" }, stopped),
    worker.died(),
  ]);
  if (synced.exitCode !== 0) throw new Error(`sync ended with exit code ${synced.exitCode}`);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);

  const { companies } = JSON.parse(synced.stdout) as { companies: { batch: { id: number } }[] };
  const id = companies[0]?.batch.id;
  const batch = (await (await fetch(`${http}/batches/${id}`)).json()) as {
    total: number;
    states: { succeeded: number };
    skipped: Record<string, number>;
  };
  const { expected, missing } = await compareArrived(SAMPLE, COMPANY, api.records);
  const answers = [...api.answers].map(([status, count]) => [status === CUT_OFF ? "cut off" : status, count]);
  say(`
Batch ${id} took ${seconds} s: ${batch.states.succeeded} of ${batch.total} tasks succeeded; rows skipped: ${list(batch.skipped)}.
The stand-in holds ${api.records.size} of the ${expected} CNPJs and CPFs; its answers by status: ${list(Object.fromEntries(answers))}.`);
  for (const key of missing) say(`MISSING: ${key}`);
  if (missing.length > 0) return 1;

  say(`
Look at  ${http}/health
         ${http}/tasks?batch=${id}
         ${http}/tasks/1
The worker's log is build/demo/worker.log.`);
  if (process.stdout.isTTY && !stopped.aborted) {
    say("Ctrl+C ends the demo and removes its database.");
    await Promise.race([worker.died(), new Promise((resolve) => stopped.addEventListener("abort", resolve))]);
  } else {
    say("Without a terminal the demo ends here; in one it stays up until Ctrl+C.");
  }
  say("\nStopping the worker");
  await worker.stop();
  return 0;
}

function list(counts: Record<string, number>): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return parts.map(([name, count]) => `${count} × ${name}`).join(", ") || "none";
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
