/** The completion of fish, with descriptions. */
import type { Offered } from "../tree/declare.ts";
import { allCommands, type CommandShape, type FlagShape, helpFlag } from "../tree/shape.ts";

/** For `fiscaut-tasks completions fish | source`. One `complete` a word or flag, each under the command so far. */
export function renderFish(root: CommandShape): string {
  const paths = [...allCommands(root)].filter(({ words }) => words.length > 0);
  return `# fish completion of fiscaut-tasks: fiscaut-tasks completions fish | source
function __fiscaut_tasks_at
    set -l path ''
    for word in (commandline -opc)[2..]
        switch "$path/$word"
            case ${paths.map(({ words }) => `/${words.join("/")}`).join(" ")}
                set path "$path/$word"
        end
    end
    test "$path" = "$argv[1]"
end
complete -c fiscaut-tasks -f
${[...allCommands(root)].flatMap((command) => [...renderCommand(command)]).join("\n")}
`;
}

function* renderCommand({ words, flags, operands, subCommands }: CommandShape): Generator<string> {
  const at = `complete -c fiscaut-tasks -n "__fiscaut_tasks_at '${words.map((word) => `/${word}`).join("")}'"`;
  for (const sub of subCommands) yield `${at} -a ${sub.words.at(-1)} -d ${quote(sub.about)}`;
  for (const operand of operands) if (offer(operand) !== "") yield `${at}${offer(operand)}`;
  for (const flag of [...flags, helpFlag])
    yield `${at} -l ${flag.name}${valueSpec(flag)} -d ${quote(flag.about)}`;
}

const valueSpec = (flag: FlagShape) => (flag.value === undefined ? "" : ` -x${offer(flag)}`);

function offer({ values, path }: Offered): string {
  if (values !== undefined) return ` -a '${values.join(" ")}'`;
  if (path === "folder") return " -a '(__fish_complete_directories)'";
  return path === "file" ? " -a '(__fish_complete_path)'" : "";
}

const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
