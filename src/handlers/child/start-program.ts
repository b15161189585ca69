/** Starts an executable file with its payload, on whichever system. Hearing it out is `../program.ts`'s work. */
import { readFileSync } from "node:fs";
import { basename, dirname, extname } from "node:path";
import { codeOf } from "../../task/thrown.ts";
import { inOwnGroup } from "./child-processes.ts";

/** @throws Error in the operator's words when the system won't run it. */
export function startProgram(path: string, payload: unknown, env: Record<string, string>) {
  try {
    return Bun.spawn(commandOf(path), {
      ...inOwnGroup,
      cwd: dirname(path),
      env,
      // With a line's end: a shell's `read` fails without.
      stdin: Buffer.from(`${JSON.stringify(payload)}\n`),
      stdout: "pipe",
      stderr: "pipe",
    });
  } catch (error) {
    throw new Error(`${path} can't be started: ${explainSpawn(path, error)}`, { cause: error });
  }
}

function commandOf(path: string): string[] {
  if (process.platform !== "win32") return [path];
  switch (extname(path).toLowerCase()) {
    case ".ps1":
      return ["powershell.exe", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", path];
    case ".cmd":
    case ".bat":
      // In its own folder by its bare name, which holds nothing that cmd's rules for quotes would spoil.
      return ["cmd.exe", "/d", "/c", `.\\${basename(path)}`];
    default:
      return [path];
  }
}

function explainSpawn(path: string, error: unknown): string {
  const code = codeOf(error);
  if (process.platform === "win32") return String(error);
  switch (code) {
    case "ENOEXEC":
      return "it has no #! line, or is made for another kind of machine";
    case "EACCES":
      return "it, or what its #! line names, is not executable for the worker's user";
    case "ENOENT":
      return explainMissing(path);
    default:
      return String(error);
  }
}

/** The system says the same of a file that is gone and of an interpreter that is not there. */
function explainMissing(path: string): string {
  try {
    const [line = ""] = readFileSync(path, "latin1").slice(0, 256).split("\n", 1);
    if (line.endsWith("\r")) return "its lines end as on Windows: store it with Unix line ends";
    return `what it is run by does not exist: ${line.startsWith("#!") ? line : "its loader"}`;
  } catch {
    return "it is gone";
  }
}
