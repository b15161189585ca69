/**
 * Imports the operator's hooks file and finds the hooks in what it exports. Calling them, in order and in bounded
 * time, is `hook-calls.ts`'s work.
 */
import { type Moment, type MomentKind, momentKinds } from "../task/life.ts";

export type Hook = (moment: Moment) => unknown;
/** By kind of moment, in the order in which they are called. */
export type Hooks = Partial<Record<MomentKind, Hook[]>>;

/** The file can't be used; the message is for the operator and begins with the path. */
export class HooksRefused extends Error {}

/**
 * A default export or `onEvent` hears of every moment; a function named after a kind of moment of that kind alone.
 * @param path absolute; computed, so the compiled executable reads it at run time.
 * @throws HooksRefused, with line and column for what can't be parsed.
 */
export async function loadHooks(path: string): Promise<Hooks> {
  if (!(await Bun.file(path).exists())) throw new HooksRefused(`${path} does not exist`);
  let exported: Record<string, unknown>;
  try {
    exported = await import(path);
  } catch (error) {
    throw new HooksRefused(describeImportError(path, error));
  }
  return findHooks(path, exported);
}

export function findHooks(path: string, exported: Record<string, unknown>): Hooks {
  const { default: byDefault, onEvent, ...named } = exported;
  if (byDefault !== undefined && onEvent !== undefined)
    throw new HooksRefused(`${path}: exports onEvent and a default: export one of them`);
  const all = byDefault ?? onEvent;
  if (all !== undefined && !isHook(all))
    throw new HooksRefused(`${path}: its ${onEvent === undefined ? "default" : "onEvent"} is not a function`);
  const hooks: Hooks = {};
  if (isHook(all)) for (const kind of momentKinds) hooks[kind] = [all];
  for (const [name, value] of Object.entries(named)) {
    const kind = momentKinds.find((known) => known === name);
    if (kind !== undefined && !isHook(value))
      throw new HooksRefused(`${path}: its ${name} is not a function`);
    // Another function is most likely a kind mistyped, and would never be called.
    if (kind === undefined && isHook(value))
      throw new HooksRefused(`${path}: exports a function ${name}, but events are ${momentKinds.join(", ")}`);
    if (kind !== undefined && isHook(value)) hooks[kind] = [...(hooks[kind] ?? []), value];
  }
  if (Object.keys(hooks).length === 0)
    throw new HooksRefused(
      `${path}: exports no hook: a default function, onEvent, or one of ${momentKinds.join(", ")}`,
    );
  return hooks;
}

const isHook = (value: unknown): value is Hook => typeof value === "function";

/** Bun's errors of the parser and the resolver have a position; several at once come as one AggregateError. */
function describeImportError(path: string, error: unknown): string {
  const [first = error] = error instanceof AggregateError ? error.errors : [];
  const message = first instanceof Error ? first.message : String(first);
  const position = positionOf(first);
  if (position !== undefined)
    return `${position.file ?? path}:${position.line}:${position.column}: ${message}`;
  return `${path}: ${message}`;
}

interface Position {
  file?: string;
  line: number;
  column: number;
}

function positionOf(error: unknown): Position | undefined {
  if (typeof error !== "object" || error === null || !("position" in error)) return undefined;
  return (error.position as Position | null) ?? undefined;
}
