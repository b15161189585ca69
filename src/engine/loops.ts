/** The loops of one worker, a part each. Who wakes whom, and what stops when, is `worker.ts`'s. */
import type { EmitEvent } from "../task/events.ts";
import { type Loop, type Round, startLoop } from "./loop.ts";

type PartName =
  | "claimer"
  | "lookout"
  | "promoter"
  | "releaser"
  | "rescuer"
  | "pruner"
  | "scheduler"
  | "holdWatch"
  | "notifier"
  | "cancelWatch"
  | "reporter";

export type Loops = Record<PartName, Loop>;

/** Those that ask by themselves let the first claim have the connection that is open already: another takes ten times as long. */
export const behindFirstClaimMs = 50;
/** The others have nothing to do until they hear of something; the lookout's first look tells them what is there already. */
const firstInMs: ReadonlyMap<string, number> = new Map<PartName, number>([
  ["claimer", 0],
  ["lookout", behindFirstClaimMs],
  ["rescuer", behindFirstClaimMs],
  ["pruner", behindFirstClaimMs],
  ["notifier", behindFirstClaimMs],
]);

export function startLoops(parts: Record<PartName, { runOnce: Round }>, emit: EmitEvent): Loops {
  const loops = Object.entries(parts).map(([name, part]) => [
    name,
    startLoop(toWords(name), () => part.runOnce(), emit, firstInMs.get(name) ?? Number.POSITIVE_INFINITY),
  ]);
  return Object.fromEntries(loops) as Loops;
}

/** Such as "hold watch", as events tell a part's name. */
const toWords = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Not the pruner, which may have much to drop, nor the notifier: LISTEN only spares a wait. */
const neededParts = ["claimer", "lookout", "promoter", "releaser", "rescuer", "scheduler"] as const;

/**
 * Of the loops without which tasks stay where they are the latest, by name. `ms` is 0 where none is late.
 * @param others such loops that are not of `loops`.
 */
export function findLatest(
  loops: Loops | undefined,
  others: Record<string, Pick<Loop, "lateMs">>,
): { part: string; ms: number } {
  const own = neededParts.map((part) => ({ part, ms: loops?.[part].lateMs ?? 0 }));
  return Object.entries(others)
    .map(([part, { lateMs }]) => ({ part, ms: lateMs }))
    .concat(own)
    .reduce((latest, loop) => (loop.ms > latest.ms ? loop : latest));
}
