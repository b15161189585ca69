import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderBash } from "../../../src/cli/completions/bash.ts";
import { renderFish } from "../../../src/cli/completions/fish.ts";
import { renderPowerShell } from "../../../src/cli/completions/powershell.ts";
import { renderZsh } from "../../../src/cli/completions/zsh.ts";
import { root } from "../../../src/cli/root.ts";
import { allCommands, shapeOf } from "../../../src/cli/tree/shape.ts";
import { taskStates } from "../../../src/task/task.ts";

const shape = shapeOf(root);
const commands = shape.subCommands.map(({ words }) => words[0] ?? "");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-completions-"));
  writeFileSync(join(folder, "bash"), renderBash(shape));
  writeFileSync(join(folder, "_fiscaut-tasks"), renderZsh(shape));
  writeFileSync(join(folder, "fish"), renderFish(shape));
  writeFileSync(join(folder, "a file with blanks.toml"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

type Complete = (line: string) => Promise<string[]>;

async function run(argv: string[], stdin = ""): Promise<string> {
  const child = Bun.spawn(argv, {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, TERM: "dumb" },
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${argv.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

/** Splits the line as readline does, and asks the function that the script has registered. */
const inBash: Complete = async (line) => {
  const words = line.split(/ |(?==)|(?<==)/).map((word) => `'${word}'`);
  const script = `
    source ./bash
    complete -p fiscaut-tasks >/dev/null || exit 1
    COMP_WORDS=(${words.join(" ")}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _fiscaut_tasks
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  return linesOf(await run(["bash", "--norc", "-c", script]));
};

const inFish: Complete = async (line) => {
  const output = await run(["fish", "--no-config", "-c", `source ./fish; complete -C '${line}'`]);
  return linesOf(output).map((entry) => entry.split("\t", 1)[0] ?? "");
};

/** In a terminal of its own, with the builtin that takes the candidates made to print them. */
const inZsh: Complete = async (line) => {
  const script = `
    zmodload zsh/zpty
    zpty z "TERM=dumb zsh -f -i"
    zpty -w z "PROMPT=; autoload -Uz compinit && compinit -u -D; source ./_fiscaut-tasks"
    zpty -w z 'compadd() {
      if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return $?; fi
      typeset -a hits
      builtin compadd -A hits "$@"
      print -lr -- "HIT "\${^hits}
    }
    ended() { print; print EN""DED }; zle -N ended; bindkey "^E" ended; bindkey "^I" complete-word
    print REA""DY'
    while zpty -r z out; do [[ $out == *READY* ]] && break; done
    zpty -n -w z "$1"$'\\t'$'\\x05'
    while zpty -r z out; do print -r -- "$out"; [[ $out == *ENDED* ]] && break; done
    zpty -d z`;
  const output = await run(["zsh", "-f", "-c", script, "zsh", line]);
  return [...output.matchAll(/HIT (\S+)/g)].map(([, word = ""]) => word);
};

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");

const shells = Object.entries({ bash: inBash, fish: inFish, zsh: inZsh }).filter(
  ([name]) => name === "bash" || Bun.which(name) !== null,
);

describe.each(shells)("in %s", (_, complete) => {
  test("commands and their subcommands are completed", async () => {
    expect((await complete("fiscaut-tasks ")).sort()).toEqual([...commands].sort());
    expect((await complete("fiscaut-tasks batch ")).sort()).toEqual(
      ["list", "show", "cancel", "retry", "delete"].sort(),
    );
  });

  test("so are flags, those of the command alone", async () => {
    const flags = await complete("fiscaut-tasks list --");
    expect(flags.map((flag) => flag.replace(/=$/, ""))).toEqual(
      expect.arrayContaining(["--state", "--limit", "--log-level", "--help"]),
    );
    expect(flags.some((flag) => flag.startsWith("--drain"))).toBe(false);
  });

  test("so are values of which there is a list, of flags and of words", async () => {
    expect((await complete("fiscaut-tasks list --state ")).sort()).toEqual([...taskStates].sort());
    expect(await complete("fiscaut-tasks run --log-level w")).toEqual(["warn"]);
    expect((await complete("fiscaut-tasks completions ")).sort()).toEqual([
      "bash",
      "fish",
      "powershell",
      "zsh",
    ]);
  });
});

test("in bash a value after an equals sign is completed, and a path with blanks stays one", async () => {
  expect(await inBash("fiscaut-tasks list --state=f")).toEqual(["failed"]);
  expect(await inBash("fiscaut-tasks config check a")).toEqual(["a file with blanks.toml"]);
});

test("that of PowerShell, which is not run here, names every command, flag and value", () => {
  const script = renderPowerShell(shape);
  for (const { words, flags } of allCommands(shape)) {
    expect(script).toContain(`'${words.map((word) => `/${word}`).join("")}' = [ordered]@{`);
    for (const { name, values = [] } of flags)
      for (const text of [`--${name}`, ...values]) expect(script).toContain(`'${text}' = '`);
  }
  // A text in single quotes ends at the first that is not doubled.
  const withoutTexts = script.replaceAll(/^\s*#.*$/gm, "").replaceAll(/'(?:[^']|'')*'/g, "");
  expect(withoutTexts).not.toContain("'");
});
