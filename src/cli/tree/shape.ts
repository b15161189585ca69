/**
 * The tree of commands as plain values, for all that is derived from it: help, completions, the manual. Reading words by
 * it is `input/arguments.ts`'s work.
 */
import type { ArgsDef } from "citty";
import { type AnyCommand, many } from "../input/arguments.ts";
import type { Offered, OfferingArg } from "./declare.ts";

export interface FlagShape extends Offered {
  /** Without the dashes. */
  name: string;
  about: string;
  /** What its value is called; undefined: it takes none. */
  value: string | undefined;
  required: boolean;
}

export interface OperandShape extends Offered {
  /** In upper case, as help shows it. */
  name: string;
  about: string;
  required: boolean;
  /** All further words too. */
  many: boolean;
}

export interface CommandShape {
  /** Such as `batch`, `show`; none for the executable itself. */
  words: readonly string[];
  about: string;
  examples: readonly string[];
  flags: readonly FlagShape[];
  operands: readonly OperandShape[];
  subCommands: readonly CommandShape[];
}

export const helpFlag: FlagShape = {
  name: "help",
  about: "Tell what the command does and takes",
  value: undefined,
  required: false,
};

export function shapeOf(command: AnyCommand, words: readonly string[] = []): CommandShape {
  const meta = (command.meta ?? {}) as { description?: string; examples?: readonly string[] };
  const args = Object.entries((command.args ?? {}) as ArgsDef) as [string, OfferingArg][];
  const subCommands = (command.subCommands ?? {}) as Record<string, AnyCommand>;
  return {
    words,
    about: meta.description ?? "",
    examples: meta.examples ?? [],
    flags: args.filter(([, arg]) => arg.type !== "positional").map(([name, arg]) => flagOf(name, arg)),
    operands: args.filter(([, arg]) => arg.type === "positional").map(([name, arg]) => operandOf(name, arg)),
    subCommands: Object.entries(subCommands).map(([word, sub]) => shapeOf(sub, [...words, word])),
  };
}

/** The command itself and all below it, parents first. */
export function* allCommands(shape: CommandShape): Generator<CommandShape> {
  yield shape;
  for (const sub of shape.subCommands) yield* allCommands(sub);
}

/** Such as `fiscaut-tasks batch show <ID> [OPTIONS]`. */
export function usageOf({ words, flags, operands, subCommands }: CommandShape): string {
  const required = flags.filter((flag) => flag.required).map(({ name, value }) => `--${name} <${value}>`);
  return [
    "fiscaut-tasks",
    ...words,
    ...operands.map(
      ({ name, required, many }) => `${required ? `<${name}>` : `[${name}]`}${many ? "..." : ""}`,
    ),
    ...required,
    ...(flags.length > required.length ? ["[OPTIONS]"] : []),
    ...(subCommands.length > 0 ? ["<COMMAND>"] : []),
  ].join(" ");
}

const offersOf = ({ values, path }: Offered): Offered => ({
  ...(values !== undefined && { values }),
  ...(path !== undefined && { path }),
});

const flagOf = (name: string, arg: OfferingArg): FlagShape => ({
  name,
  about: arg.description ?? "",
  value: arg.type === "boolean" ? undefined : (arg.valueHint ?? name),
  required: arg.required === true,
  ...offersOf(arg),
});

const operandOf = (name: string, arg: OfferingArg): OperandShape => ({
  name: name.replace(many, "").toUpperCase(),
  about: arg.description ?? "",
  required: arg.required !== false,
  many: name.endsWith(many),
  ...offersOf(arg),
});
