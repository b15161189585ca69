/**
 * Imports the operator's hooks file and finds the hooks in what it exports. Calling them, in order and in bounded
 * time, is `hook-calls.ts`'s work.
 */
import { FileRefused, importFile } from "../handlers/import-file.ts";
import { type Moment, type MomentKind, momentKinds } from "../task/life.ts";

export type Hook = (moment: Moment) => unknown;
/** By kind of moment, in the order in which they are called. */
export type Hooks = Partial<Record<MomentKind, Hook[]>>;

/**
 * A default export or `onEvent` hears of every moment; a function named after a kind of moment of that kind alone.
 * @param path absolute.
 * @throws FileRefused
 */
export async function loadHooks(path: string): Promise<Hooks> {
  return findHooks(path, await importFile(path));
}

export function findHooks(path: string, exported: Record<string, unknown>): Hooks {
  const { default: byDefault, onEvent, ...named } = exported;
  if (byDefault !== undefined && onEvent !== undefined)
    throw new FileRefused(`${path}: exports onEvent and a default: export one of them`);
  const all = byDefault ?? onEvent;
  if (all !== undefined && !isHook(all))
    throw new FileRefused(`${path}: its ${onEvent === undefined ? "default" : "onEvent"} is not a function`);
  const hooks: Hooks = {};
  if (isHook(all)) for (const kind of momentKinds) hooks[kind] = [all];
  for (const [name, value] of Object.entries(named)) {
    const kind = momentKinds.find((known) => known === name);
    if (kind !== undefined && !isHook(value)) throw new FileRefused(`${path}: its ${name} is not a function`);
    // Another function is most likely a kind mistyped, and would never be called.
    if (kind === undefined && isHook(value))
      throw new FileRefused(`${path}: exports a function ${name}, but events are ${momentKinds.join(", ")}`);
    if (kind !== undefined && isHook(value)) hooks[kind] = [...(hooks[kind] ?? []), value];
  }
  if (Object.keys(hooks).length === 0)
    throw new FileRefused(
      `${path}: exports no hook: a default function, onEvent, or one of ${momentKinds.join(", ")}`,
    );
  return hooks;
}

const isHook = (value: unknown): value is Hook => typeof value === "function";
