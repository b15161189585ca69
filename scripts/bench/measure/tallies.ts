/** Reads what `tally.mjs` has counted in the workers of one measure, and adds it up. */
import { readFile } from "node:fs/promises";

export interface Tally {
  ran: number;
  /** Of these, the ones that the arrays know of. */
  kept: number;
  /** First and last start, by `instantMs`. */
  firstMs: number;
  lastMs: number;
  /** Processor time that the worker had used at its first task. */
  firstCpuMs: number;
}

export interface Counted {
  /** Runs beyond the first, of all tasks together. */
  duplicates: number;
  /** Tasks that ran nowhere. */
  missed: number;
  /** Each task's first start anywhere; 0: none. */
  starts: Float64Array;
}

/** Of each worker; undefined where none of its tasks has run. */
export async function readTallies(paths: readonly string[]): Promise<(Tally | undefined)[]> {
  return await Promise.all(paths.map(readTally));
}

export function totalOf(tallies: readonly (Tally | undefined)[]): number {
  return tallies.reduce((total, tally) => total + (tally?.ran ?? 0), 0);
}

/** The first start in any worker, by `instantMs`; undefined when nothing has run. */
export function firstStartOf(tallies: readonly (Tally | undefined)[]): number | undefined {
  const firsts = tallies.flatMap((tally) => (tally === undefined ? [] : [tally.firstMs]));
  return firsts.length === 0 ? undefined : Math.min(...firsts);
}

/** Waits until the workers' arrays know of all that ran, which they do 50 ms after the last. */
export async function countTasks(paths: readonly string[], tasks: number, limitMs = 3_000): Promise<Counted> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const tallies = await readTallies(paths);
    if (tallies.every((tally) => tally === undefined || tally.kept === tally.ran))
      return await addUp(
        paths.filter((_, index) => tallies[index] !== undefined),
        tasks,
      );
    if (performance.now() > deadline) throw new Error("the tallies were not written in time");
    await Bun.sleep(10);
  }
}

async function addUp(paths: readonly string[], tasks: number): Promise<Counted> {
  const counts = new Uint32Array(tasks);
  const starts = new Float64Array(tasks);
  for (const path of paths) {
    const counted = await readFile(`${path}.counts`);
    const started = new Float64Array((await Bun.file(`${path}.starts`).arrayBuffer()) as ArrayBuffer);
    for (let i = 0; i < tasks; i++) {
      const count = counted[i] ?? 0;
      if (count === 0) continue;
      const startMs = started[i] ?? 0;
      if (counts[i] === 0 || startMs < (starts[i] ?? 0)) starts[i] = startMs;
      counts[i] = (counts[i] ?? 0) + count;
    }
  }
  let duplicates = 0;
  let missed = 0;
  for (const count of counts) {
    if (count === 0) missed++;
    else duplicates += count - 1;
  }
  return { duplicates, missed, starts };
}

async function readTally(path: string): Promise<Tally | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Tally);
}
