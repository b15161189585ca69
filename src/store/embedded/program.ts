/**
 * Runs initdb, pg_ctl and postgres: as the right account, with an environment of our making, never with a secret in argv.
 * What their output means is for `faults.ts`.
 */
import { join } from "node:path";
import { OperatorError } from "../../task/errors.ts";
import { codeOf } from "../../task/thrown.ts";
import type { Account } from "./account.ts";

/** What a child inherits. All else stays out: LD_*, PG* and BUN_* would change what runs, and ours holds secrets. */
const inherited = [
  "TZ",
  "SystemRoot",
  "SystemDrive",
  "ComSpec",
  "PATHEXT",
  "TEMP",
  "TMP",
  "USERPROFILE",
  "USERNAME",
];

export interface Program {
  readonly binaries: string;
  readonly name: "initdb" | "pg_ctl" | "postgres";
  readonly arguments: readonly string[];
  readonly cwd: string;
  /** Whom to run as; undefined: as we are. */
  readonly account: Account | undefined;
}

/** Starts a program, out of reach of our terminal's Ctrl+C. `output` takes what it prints: a pipe, nothing or a file. */
export function spawnProgram<Output extends "pipe" | "ignore" | number>(program: Program, output: Output) {
  const file = process.platform === "win32" ? `${program.name}.exe` : program.name;
  try {
    return Bun.spawn([join(program.binaries, "bin", file), ...program.arguments], {
      cwd: program.cwd,
      env: childEnvironment(),
      // Bun clears the supplementary groups with these.
      ...(program.account === undefined ? {} : { uid: program.account.uid, gid: program.account.gid }),
      detached: process.platform !== "win32", // a session of its own
      windowsHide: true, // a console of its own, unless a handle is inherited
      stdin: "ignore",
      stdout: output,
      stderr: output,
    });
  } catch (fault) {
    throw new OperatorError("unavailable", `${program.name} can't be started: ${codeOf(fault) ?? fault}`, {
      hint: `see whether the file system of ${program.binaries} is mounted noexec`,
      cause: fault,
    });
  }
}

/** Runs a program to its end and returns all that it printed. */
export async function runProgram(program: Program): Promise<{ exitCode: number; output: string }> {
  const child = spawnProgram(program, "pipe");
  const [out, err, exitCode] = await Promise.all([
    new Response(child.stdout).bytes(),
    new Response(child.stderr).bytes(),
    child.exited,
  ]);
  // On Windows the paths in messages are in the system's code page, in Brazil and its like 1252.
  const decoder = new TextDecoder(process.platform === "win32" ? "windows-1252" : "utf-8");
  return { exitCode, output: decoder.decode(out) + decoder.decode(err) };
}

/**
 * What a backend keeps of the memory that a statement has used, for the next one. At glibc's defaults, 128 KiB, each claim of
 * some hundred tasks takes its pages from the system anew: a sixth of what a task costs Postgres.
 */
const keptMemory = String(16 * 1024 * 1024);

/** LC_ALL=C keeps the programs' messages in the English that `faults.ts` looks for. */
function childEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {
    LC_ALL: "C",
    MALLOC_TRIM_THRESHOLD_: keptMemory,
    MALLOC_MMAP_THRESHOLD_: keptMemory,
  };
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
