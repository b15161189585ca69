/**
 * Takes the steps of a plan one after the other, or only tells them. It knows nothing of what they are for; what it did
 * is told in lines, for the command to print.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { OperatorError } from "../task/errors.ts";
import { messageOf } from "../task/thrown.ts";
import type { Machine } from "./machine.ts";
import type { Step } from "./manager.ts";

/** What a dry run tells of a step, in whole. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case "write":
      return `write ${step.path} (mode ${octal(step.mode)}):\n${step.text.replace(/^(?=.)/gm, "    ").trimEnd()}`;
    case "remove":
      return `remove ${step.path}`;
    case "folder":
      return `make folder ${step.path} (mode ${octal(step.mode)}${step.owner === undefined ? "" : `, owner ${step.owner}`})`;
    case "run":
      return `run ${showWords(step.argv)}${step.onlyAfterChange === true ? "  (when a file has changed)" : ""}`;
    case "call":
      return `call ${step.says}`;
  }
}

/**
 * @param tell hears of each step that changed something, and of each file that was as it should be.
 * @returns whether any file or folder was changed.
 * @throws OperatorError at the first step that fails; the steps before it stay taken, and can be repeated.
 */
export async function applySteps(
  steps: readonly Step[],
  machine: Machine,
  tell: (line: string) => void,
): Promise<boolean> {
  let changed = false;
  for (const step of steps) {
    if (step.kind === "run" && step.onlyAfterChange === true && !changed) continue;
    const did = await take(step, machine);
    if (step.kind === "run") changed ||= step.changes === true;
    else if (step.kind !== "call") changed ||= did.changed;
    tell(did.line);
  }
  return changed;
}

interface Did {
  changed: boolean;
  line: string;
}

async function take(step: Step, machine: Machine): Promise<Did> {
  try {
    switch (step.kind) {
      case "write":
        return writeWhole(step);
      case "remove":
        if (!existsSync(step.path)) return { changed: false, line: `${step.path} is not there` };
        rmSync(step.path);
        return { changed: true, line: `removed ${step.path}` };
      case "folder":
        return await makeFolder(step, machine);
      case "run":
        return await runProgram(step, machine);
      case "call":
        await step.call();
        return { changed: true, line: step.says };
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError("failed", `${firstLine(describeStep(step))}: ${explain(error)}`, {
      cause: error,
    });
  }
}

/** The bytes of a file. */
export const encodeText = (text: string, encoding: "utf-16le" | undefined) =>
  encoding === undefined ? Buffer.from(text) : Buffer.from(`\uFEFF${text}`, encoding);

function writeWhole({ path, text, mode, encoding }: Extract<Step, { kind: "write" }>): Did {
  const bytes = encodeText(text, encoding);
  const was = existsSync(path) ? readFileSync(path) : undefined;
  if (was?.equals(bytes)) {
    chmodSync(path, mode);
    return { changed: false, line: `${path} is as it should be` };
  }
  mkdirSync(dirname(path), { recursive: true });
  // Renamed into place, so that the manager never reads half of it.
  const whole = `${path}.new`;
  writeFileSync(whole, bytes, { mode });
  chmodSync(whole, mode);
  renameSync(whole, path);
  return { changed: true, line: `${was === undefined ? "wrote" : "changed"} ${path}` };
}

async function makeFolder(
  { path, mode, owner }: Extract<Step, { kind: "folder" }>,
  machine: Machine,
): Promise<Did> {
  if (existsSync(path)) return { changed: false, line: `${path} is there` };
  mkdirSync(path, { recursive: true, mode });
  if (owner !== undefined) {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (flag) => Number((await machine.run(["id", flag, owner])).stdout.trim())),
    );
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
  }
  return { changed: true, line: `made ${path} (mode ${octal(statSync(path).mode & 0o7777)})` };
}

async function runProgram(
  { argv, input, mayExitWith = [] }: Extract<Step, { kind: "run" }>,
  machine: Machine,
): Promise<Did> {
  const { exitCode, stdout, stderr } = await machine.run(argv, input);
  if (exitCode === 0 || mayExitWith.includes(exitCode))
    return { changed: true, line: `ran ${showWords(argv)}` };
  const said = (stderr.trim() || stdout.trim()).replaceAll("\n", "; ");
  throw new OperatorError(
    "failed",
    `${showWords(argv)} ended with ${exitCode}: ${said || "it said nothing"}`,
  );
}

const octal = (mode: number) => mode.toString(8).padStart(4, "0");

/** As a shell would take them back. */
const showWords = (argv: readonly string[]) =>
  argv
    .map((word) => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");

const firstLine = (text: string) => text.split(/:?\n/, 1)[0] ?? text;

function explain(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "ENOENT") return "no such file or program";
  return messageOf(error);
}
