import { expect, test } from "bun:test";
import { type ArgsDef, parseArgs } from "citty";
import { checkArguments, findCommand } from "../../../src/cli/input/arguments.ts";
import { root } from "../../../src/cli/root.ts";
import { renderHelp } from "../../../src/cli/tree/help.ts";
import { allCommands, shapeOf } from "../../../src/cli/tree/shape.ts";

const commands = [...allCommands(shapeOf(root))];
const nameOf = (words: readonly string[]) => ["fiscaut-tasks", ...words].join(" ");

test("every command says what it does, and has an example of itself", () => {
  for (const { words, about, examples } of commands) {
    expect(about, nameOf(words)).not.toBe("");
    expect(examples.length, nameOf(words)).toBeGreaterThan(0);
    for (const example of examples) expect(example, nameOf(words)).toContain(nameOf(words));
  }
});

test("every example parses, down to values of which there is a list", () => {
  for (const example of commands.flatMap(({ examples }) => examples)) {
    const { command, rawArgs, help } = findCommand(root, wordsOf(example));
    expect(help, example).toBe(false);
    checkArguments(command, rawArgs);
    const args = parseArgs(rawArgs, (command.args ?? {}) as ArgsDef);
    const [shape] = commands.filter(({ examples }) => examples.includes(example));
    for (const { name, values } of shape?.flags ?? [])
      if (values !== undefined && args[name] !== undefined)
        expect(values, example).toContain(String(args[name]));
  }
});

test("an example with a flag that there is not would be found", () => {
  const { command, rawArgs } = findCommand(root, wordsOf("fiscaut-tasks list --stat 'failed'"));
  expect(() => checkArguments(command, rawArgs)).toThrow("there is no flag --stat");
});

test("help shows the examples, and the executable's name before that of every command", async () => {
  const { command } = findCommand(root, ["batch", "show"]);
  const help = Bun.stripANSI(await renderHelp(command, root));
  expect(help).toContain("USAGE fiscaut-tasks batch show");
  expect(help).toEndWith("EXAMPLES\n\n  fiscaut-tasks batch show 4\n  fiscaut-tasks batch show 4 --wait");
});

/** What the executable is given of a shell's line: the words after its name, up to a pipe, redirection or parenthesis. */
function wordsOf(example: string): string[] {
  const tokens: string[] = example.match(/'[^']*'|"[^"]*"|[|<>()]+|[^\s'"|<>()]+/g) ?? [];
  const from = tokens.indexOf("fiscaut-tasks");
  expect(from, example).toBeGreaterThanOrEqual(0);
  const rest = tokens.slice(from + 1);
  const end = rest.findIndex((token) => /^[|<>()]/.test(token));
  return rest.slice(0, end === -1 ? rest.length : end).map((token) => token.replace(/^(['"])(.*)\1$/, "$2"));
}
