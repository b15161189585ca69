/** Starts workers of a contender, each with a tally of its own. */
import { join } from "node:path";
import { pickFreePort } from "../../../src/store/embedded/free-port.ts";
import type { Bed, Contender, Servers } from "../contenders/contender.ts";
import { readTallies, type Tally, totalOf } from "../measure/tallies.ts";
import { type Child, startChild } from "./children.ts";

/** Disposing stops them. */
export interface Workers extends AsyncDisposable {
  readonly children: readonly Child[];
  /** Of the first one's HTTP server, where it has one. */
  readonly http: string;
  readonly tallyPaths: readonly string[];
  tallies(): Promise<(Tally | undefined)[]>;
  /** Waits until so many tasks have run in all workers; false when they have not within `limitMs`. */
  waitForRuns(count: number, limitMs: number): Promise<boolean>;
}

export interface WorkersOptions {
  /** Task numbers are below. */
  tasks: number;
  workers?: number;
  elsewhere?: boolean;
}

let started = 0;

export async function startWorkers(
  servers: Servers,
  contender: Contender,
  bed: Bed,
  { tasks, workers = 1, elsewhere = false }: WorkersOptions,
): Promise<Workers> {
  const ports = await Promise.all(Array.from({ length: workers }, () => pickFreePort()));
  const tallyPaths: string[] = [];
  const logs: string[] = [];
  const children = ports.map((port) => {
    started += 1;
    const tally = join(servers.folder, `tally-${started}`);
    tallyPaths.push(tally);
    const expected = workers === 1 ? { BENCH_EXPECTED: String(tasks) } : {};
    const env = { ...bed.env, BENCH_TALLY: tally, BENCH_TASKS: String(tasks), ...expected };
    const command = contender.workerCommand({ port, elsewhere });
    const log = `${tally}.log`;
    logs.push(log);
    return startChild(command, env, log);
  });
  const tallies = () => readTallies(tallyPaths);
  return {
    children,
    http: `http://127.0.0.1:${ports[0]}`,
    tallyPaths,
    tallies,
    async waitForRuns(count, limitMs) {
      const deadline = performance.now() + limitMs;
      while (totalOf(await tallies()) < count) {
        if (performance.now() > deadline) return false;
        const ended = children.findIndex((child) => child.ended);
        if (ended >= 0) throw new Error(`a worker of ${contender.name} ended:\n${await endOf(logs[ended])}`);
        await Bun.sleep(2);
      }
      return true;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(children.map((child) => child.stop()));
    },
  };
}

async function endOf(log = ""): Promise<string> {
  return (await Bun.file(log).text()).slice(-2_000);
}
