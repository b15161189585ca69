/** The completion of zsh, with descriptions. */
import type { Offered } from "../tree/declare.ts";
import {
  allCommands,
  type CommandShape,
  type FlagShape,
  helpFlag,
  type OperandShape,
} from "../tree/shape.ts";

/** To be saved as `_fiscaut-tasks` in a folder of `$fpath`, or sourced after `compinit`. A function a command. */
export function renderZsh(root: CommandShape): string {
  return `#compdef fiscaut-tasks
# zsh completion of fiscaut-tasks: source <(fiscaut-tasks completions zsh), after compinit
${[...allCommands(root)].map(renderCommand).join("\n")}
if [ "$funcstack[1]" = "_fiscaut-tasks" ]; then
  _fiscaut-tasks "$@"
else
  compdef _fiscaut-tasks fiscaut-tasks
fi
`;
}

const nameOf = (words: readonly string[]) => ["_fiscaut-tasks", ...words].join("_");

function renderCommand({ words, flags, operands, subCommands }: CommandShape): string {
  const specs = [...flags, helpFlag].map(flagSpec);
  if (subCommands.length === 0)
    return `${nameOf(words)}() {\n  _arguments -s ${[...specs, ...operands.map(operandSpec)].join(" \\\n    ")}\n}`;
  const described = subCommands.map((sub) =>
    quote(`${sub.words.at(-1)}:${sub.about.replaceAll(":", "\\:")}`),
  );
  const cases = subCommands.map((sub) => `      ${sub.words.at(-1)}) ${nameOf(sub.words)} ;;`);
  return `${nameOf(words)}() {
  local curcontext="$curcontext" state line
  local -a commands=(${described.join(" ")})
  _arguments -C ${[...specs, "'1:command:->command'", "'*::word:->words'"].join(" ")}
  case $state in
    command) _describe command commands ;;
    words) case $line[1] in
${cases.join("\n")}
    esac ;;
  esac
}`;
}

/** A repeated flag is left to the command to refuse. */
const flagSpec = (flag: FlagShape) =>
  flag.value === undefined
    ? quote(`--${flag.name}[${inBrackets(flag.about)}]`)
    : quote(`*--${flag.name}=[${inBrackets(flag.about)}]:${flag.value}:${actionOf(flag)}`);

const operandSpec = (operand: OperandShape) =>
  quote(`${operand.many ? "*" : ""}:${operand.name.toLowerCase()}:${actionOf(operand)}`);

function actionOf({ values, path }: Offered): string {
  if (values !== undefined) return `(${values.join(" ")})`;
  return path === undefined ? " " : path === "file" ? "_files" : "_files -/";
}

const inBrackets = (text: string) => text.replaceAll("\\", "\\\\").replaceAll(/[[\]:]/g, "\\$&");

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
