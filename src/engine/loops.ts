/** The loops of one worker, a part each. Who wakes whom, and what stops when, is `worker.ts`'s. */
import type { EmitEvent } from "../task/events.ts";
import { type Loop, type Round, startLoop } from "./loop.ts";

type PartName =
  | "claimer"
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

export function startLoops(parts: Record<PartName, { runOnce: Round }>, emit: EmitEvent): Loops {
  const loops = Object.entries(parts).map(([name, part]) => [
    name,
    startLoop(toWords(name), () => part.runOnce(), emit),
  ]);
  return Object.fromEntries(loops) as Loops;
}

/** Such as "hold watch", as events tell a part's name. */
const toWords = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Of those that are there; by name. `ms` is 0 where none is late. */
export function findLatest(loops: Record<string, Pick<Loop, "lateMs"> | undefined>): {
  part: string;
  ms: number;
} {
  return Object.entries(loops)
    .map(([part, loop]) => ({ part, ms: loop?.lateMs ?? 0 }))
    .reduce((latest, loop) => (loop.ms > latest.ms ? loop : latest));
}
