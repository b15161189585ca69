/** What a run has at hand, and how it is asked for. */
import { contenders } from "../contenders/all.ts";
import type { Contender, Servers } from "../contenders/contender.ts";

export interface RunOptions {
  /** Of each measure, contenders in turn. */
  rounds: number;
  /** Names; empty: as each section has them. */
  contenders: readonly string[];
  /** Tasks; undefined: as each section has it. */
  size: number | undefined;
  /** Of sections that last as long as they are told to. */
  seconds: number | undefined;
}

export interface Run {
  readonly servers: Servers;
  readonly options: RunOptions;
  /** Those that can be had here. */
  readonly available: readonly Contender[];
  /** A line on the terminal of how far it has come. */
  note(text: string): void;
  /** A part of the report, as Markdown. */
  report(markdown: string): void;
}

export interface Section {
  readonly name: string;
  /** As a heading. */
  readonly title: string;
  measure(run: Run): Promise<void>;
}

/** Those of `names`, or of those that were asked for, that can be had. */
export function choose(run: Run, names: readonly string[]): Contender[] {
  const asked =
    run.options.contenders.length === 0
      ? names
      : names.filter((name) => run.options.contenders.includes(name));
  return run.available.filter(({ name }) => asked.includes(name));
}

export function contenderCalled(name: string): Contender {
  const found = contenders.find((contender) => contender.name === name);
  if (found === undefined)
    throw new Error(`there is no contender ${name}: ${contenders.map((c) => c.name).join(", ")}`);
  return found;
}

/** A B A B: each round measures every contender once. What each came to in each round, by name. */
export async function interleave<Result>(
  run: Run,
  what: string,
  chosen: readonly Contender[],
  measure: (contender: Contender) => Promise<Result>,
): Promise<Map<Contender, Result[]>> {
  const results = new Map<Contender, Result[]>(chosen.map((contender) => [contender, []]));
  for (let round = 1; round <= run.options.rounds; round++)
    for (const [contender, list] of results) {
      run.note(`${what}, round ${round} of ${run.options.rounds}: ${contender.name}`);
      list.push(await measure(contender));
    }
  return results;
}
