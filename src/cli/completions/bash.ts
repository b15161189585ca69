/** The completion of bash, which has no descriptions. */
import type { Offered } from "../tree/declare.ts";
import { allCommands, type CommandShape, type FlagShape, helpFlag } from "../tree/shape.ts";

/**
 * For `source <(fiscaut-tasks completions bash)`. One `case` by the command so far tells its words and flags, another by
 * the flag before the cursor the values. Needs nothing of bash-completion and works with bash 4 and later.
 */
export function renderBash(root: CommandShape): string {
  const commands = [...allCommands(root)];
  return `# bash completion of fiscaut-tasks: source <(fiscaut-tasks completions bash)
_fiscaut_tasks() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} path='' index
  # bash splits --flag=value in three.
  [[ $current == = ]] && current=''
  [[ $previous == = ]] && previous=\${COMP_WORDS[COMP_CWORD - 2]}
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$path/\${COMP_WORDS[index]}" in
${commands
  .filter(({ words }) => words.length > 0)
  .map(({ words }) => `      ${pathOf(words)}) path=${pathOf(words)} ;;`)
  .join("\n")}
    esac
  done
  COMPREPLY=()
  case "$path $previous" in
${commands.flatMap((command) => command.flags.flatMap((flag) => valueCase(command, flag))).join("\n")}
  esac
  local flags='' words='' paths=''
  case "$path" in
${commands.map(commandCase).join("\n")}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  case $paths in
    file) _fiscaut_tasks_paths -f "$current" ;;
    folder) _fiscaut_tasks_paths -d "$current" ;;
  esac
}
# A path a line, so that blanks in it stay.
_fiscaut_tasks_paths() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY+=($(compgen "$1" -- "$2"))
}
complete -F _fiscaut_tasks fiscaut-tasks
`;
}

const pathOf = (words: readonly string[]) => words.map((word) => `/${word}`).join("");

function valueCase({ words }: CommandShape, flag: FlagShape): string[] {
  if (flag.value === undefined) return [];
  return [`    '${pathOf(words)} --${flag.name}') ${offer(flag)}return ;;`];
}

function offer({ values, path }: Offered): string {
  if (values !== undefined) return `COMPREPLY=($(compgen -W '${values.join(" ")}' -- "$current")); `;
  return path === undefined ? "" : `_fiscaut_tasks_paths ${path === "file" ? "-f" : "-d"} "$current"; `;
}

function commandCase({ words, flags, operands, subCommands }: CommandShape): string {
  const paths = operands.find(({ path }) => path !== undefined)?.path;
  const offered = [
    ...subCommands.map((sub) => sub.words.at(-1) ?? ""),
    ...operands.flatMap(({ values = [] }) => values),
  ];
  const parts = [
    `flags='${[...flags, helpFlag].map(({ name }) => `--${name}`).join(" ")}'`,
    ...(offered.length > 0 ? [`words='${offered.join(" ")}'`] : []),
    ...(paths === undefined ? [] : [`paths=${paths}`]),
  ];
  return `    '${pathOf(words)}') ${parts.join(" ")} ;;`;
}
