/**
 * Finds the command that the words name and holds its flags to what it declares: citty itself lets unknown
 * flags and commands pass. What a flag's value means is the command's or the configuration's affair.
 */
import { parseArgs } from "node:util";
import type { ArgsDef, CommandDef } from "citty";
import { nearest } from "../../config/nearest.ts";
import { OperatorError } from "../../task/errors.ts";

// biome-ignore lint/suspicious/noExplicitAny: citty types a command by its own flags; here any of them goes.
export type AnyCommand = CommandDef<any>;

export interface Invocation {
  command: AnyCommand;
  /** What follows the command's name. */
  rawArgs: string[];
  help: boolean;
}

/** @throws OperatorError "usage" */
export function findCommand(root: AnyCommand, words: string[]): Invocation {
  let command = root;
  let rest = words;
  for (;;) {
    const subCommands = command.subCommands as Record<string, AnyCommand> | undefined;
    const [word] = rest;
    if (subCommands === undefined || word === undefined || word.startsWith("-")) break;
    const found = Object.hasOwn(subCommands, word) ? subCommands[word] : undefined;
    if (found === undefined) {
      const guess = nearest(word, Object.keys(subCommands));
      throw new OperatorError("usage", `there is no command "${word}"`, {
        hint: guess === undefined ? "fiscaut-tasks --help" : `fiscaut-tasks ${guess}`,
      });
    }
    command = found;
    rest = rest.slice(1);
  }
  const flagsEnd = rest.indexOf("--");
  const flags = flagsEnd === -1 ? rest : rest.slice(0, flagsEnd);
  return { command, rawArgs: rest, help: flags.includes("--help") || flags.includes("-h") };
}

/** Ends the name of a last positional that takes all further words; they are in the context's `args._`. */
export const many = "...";

/**
 * Every flag given, as text; a repeated one keeps all its values.
 * @throws OperatorError "usage" for an unknown flag, a missing value or too many words.
 */
export function checkArguments(command: AnyCommand, rawArgs: string[]): void {
  const declared = Object.entries((command.args ?? {}) as ArgsDef);
  const flags = declared.filter(([, arg]) => arg.type !== "positional");
  const positionals = declared.filter(([, arg]) => arg.type === "positional");
  const options = Object.fromEntries(
    flags.map(([name, arg]) => [
      name,
      { type: arg.type === "boolean" ? "boolean" : "string", multiple: true } as const,
    ]),
  );
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: rawArgs, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new OperatorError("usage", explain(error, rawArgs), {
      hint: hintFor(rawArgs, Object.keys(options)),
    });
  }
  const takesMany = positionals.at(-1)?.[0].endsWith(many) ?? false;
  const surplus = takesMany ? undefined : parsed.positionals[positionals.length];
  if (surplus !== undefined)
    throw new OperatorError("usage", `"${surplus}" is one word too many`, {
      hint: "put quotes round a value with blanks",
    });
  const missing = positionals.find(
    ([, arg], index) => arg.required !== false && parsed.positionals[index] === undefined,
  );
  if (missing !== undefined)
    throw new OperatorError("usage", `${missing[0].toUpperCase()} is missing`, { hint: "--help" });
}

/** All values of a flag that may be given more than once. */
export function repeated(rawArgs: string[], flag: string): string[] {
  const { values } = parseArgs({
    args: rawArgs,
    options: { [flag]: { type: "string", multiple: true } },
    allowPositionals: true,
    strict: false,
  });
  const given = values[flag];
  return Array.isArray(given) ? given.filter((value) => typeof value === "string") : [];
}

function explain(error: unknown, rawArgs: string[]): string {
  const unknown = error instanceof Error ? /Unknown option '(-[^']*)'/.exec(error.message)?.[1] : undefined;
  if (unknown !== undefined) return `there is no flag ${unknown}`;
  const [line = "the flags can't be read"] = error instanceof Error ? error.message.split("\n", 1) : [];
  return rawArgs.length === 0 ? line : line.replace(/\.$/, "");
}

function hintFor(rawArgs: string[], names: string[]): string {
  for (const arg of rawArgs) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name === undefined || names.includes(name)) continue;
    const guess = nearest(name, names);
    if (guess !== undefined) return `--${guess}`;
  }
  return "--help";
}
