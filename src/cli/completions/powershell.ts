/** The completion of PowerShell 5.1 and later, on Windows as elsewhere. */
import type { Offered } from "../tree/declare.ts";
import { allCommands, type CommandShape, helpFlag } from "../tree/shape.ts";

/** For `fiscaut-tasks completions powershell | Out-String | Invoke-Expression`. Paths are left to PowerShell. */
export function renderPowerShell(root: CommandShape): string {
  return `# PowerShell completion of fiscaut-tasks: fiscaut-tasks completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName 'fiscaut-tasks', 'fiscaut-tasks.exe' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  # By the command so far: what may follow, a description each.
  $words = @{
${[...allCommands(root)].map(wordsEntry).join("\n")}
  }
  # By the command so far and a flag: its values.
  $values = @{
${[...allCommands(root)].flatMap(valueEntries).join("\n")}
  }
  $path = ''
  $previous = ''
  foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
    if ($element.Extent.EndOffset -ge $cursorPosition -and $wordToComplete -ne '') { continue }
    $previous = $element.Extent.Text
    if ($words.ContainsKey("$path/$previous")) { $path = "$path/$previous" }
  }
  $offered = if ($values.ContainsKey("$path $previous")) { $values["$path $previous"] } else { $words[$path] }
  foreach ($word in $offered.Keys) {
    if ($word -like "$wordToComplete*") {
      [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $offered[$word])
    }
  }
}
`;
}

const pathOf = (words: readonly string[]) => words.map((word) => `/${word}`).join("");

function wordsEntry({ words, flags, operands, subCommands }: CommandShape): string {
  const offered: [string, string][] = [
    ...subCommands.map((sub): [string, string] => [sub.words.at(-1) ?? "", sub.about]),
    ...operands.flatMap((operand) => described(operand, operand.about)),
    ...[...flags, helpFlag].map(({ name, about }): [string, string] => [`--${name}`, about]),
  ];
  return `    ${quote(pathOf(words))} = ${ordered(offered)}`;
}

function valueEntries({ words, flags }: CommandShape): string[] {
  return flags
    .filter(({ values }) => values !== undefined)
    .map(
      (flag) => `    ${quote(`${pathOf(words)} --${flag.name}`)} = ${ordered(described(flag, flag.about))}`,
    );
}

const described = ({ values = [] }: Offered, about: string) =>
  values.map((value): [string, string] => [value, about]);

/** A tool tip must not be empty. */
const ordered = (entries: [string, string][]) =>
  `[ordered]@{ ${entries.map(([word, about]) => `${quote(word)} = ${quote(about || word)}`).join("; ")} }`;

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
