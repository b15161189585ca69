/**
 * What the file system and the Postgres programs complain of, as words for the operator with a way out.
 * What the complaint means for the exit code is decided by `task/errors.ts`'s kinds.
 */
import { existsSync } from "node:fs";
import { OperatorError } from "../../task/errors.ts";
import { codeOf } from "../../task/thrown.ts";

const freeSpace = "free some space there, or name a folder on another disk with --data-dir";

/** Whether `fault` says that the file or folder is not there. */
export const isMissing = (fault: unknown) => codeOf(fault) === "ENOENT";

/** What a failed system call under `path` means to the operator; any other fault is returned as it is. */
export function explainFileFault(fault: unknown, path: string): unknown {
  if (fault instanceof OperatorError) return fault;
  switch (codeOf(fault)) {
    case "ENOSPC":
    case "EDQUOT": // a quota is a full disk to whom it binds
    case "EFBIG": // as is the limit of `ulimit -f`
      return new OperatorError("unavailable", `no space is left for ${path}`, {
        hint: freeSpace,
        cause: fault,
      });
    case "EROFS":
      return new OperatorError("config", `${path} is on a read-only file system`, {
        hint: "name a folder that can be written with --data-dir or FISCAUT_TASKS_DATA_DIR",
        cause: fault,
      });
    case "EACCES":
    case "EPERM":
    case "SQLITE_CANTOPEN": // a lock of another user's
    case "SQLITE_READONLY":
      return new OperatorError("config", `${path} may not be written or read by ${whoWeAre()}`, {
        hint: "run as the user that it belongs to, or name another folder with --data-dir",
        cause: fault,
      });
    case "ENOTDIR":
    case "EEXIST":
      return new OperatorError("config", `${path} is not a folder`, {
        hint: "name a folder with --data-dir or FISCAUT_TASKS_DATA_DIR",
        cause: fault,
      });
    case "ENOENT":
      return new OperatorError("config", `${path} is gone, or can't be made where it should be`, {
        hint: "see whether its disk is there, or name another folder with --data-dir",
        cause: fault,
      });
    default:
      return fault;
  }
}

function whoWeAre(): string {
  const uid = process.getuid?.();
  return uid === undefined ? "this user" : `uid ${uid}`;
}

/** STATUS_DLL_NOT_FOUND, 0xC0000135, how Windows ends a program that lacks a library: the eight bits that Bun tells of it. */
const dllNotFound = 0x35;

/** Why `program` failed, from its exit code and what it printed, which is quoted where no cause is known. */
export function explainProgramFailure(
  program: string,
  exitCode: number | null,
  output: string,
): OperatorError {
  const unavailable = (message: string, hint?: string) =>
    new OperatorError("unavailable", message, hint === undefined ? {} : { hint });

  if (/No space left on device|Disk quota exceeded|File too large/i.test(output)) {
    return unavailable(`no space is left for the database (${program})`, freeSpace);
  }
  if (/could not look up effective user ID (\d+)/.test(output)) {
    const uid = output.match(/effective user ID (\d+)/)?.[1];
    return new OperatorError("config", `Postgres can't run as uid ${uid}: no user of this system has it`, {
      hint: "run as a user that /etc/passwd names, or set DATABASE_URL to a Postgres of your own",
    });
  }
  const library = output.match(/error while loading shared libraries: ([^:\s]+)/)?.[1];
  if (library !== undefined) {
    return unavailable(
      `Postgres lacks ${library}`,
      `install the package of your system that holds ${library} (libstdc++6 on Debian, libstdc++ on Fedora)`,
    );
  }
  if (exitCode === dllNotFound) {
    return unavailable(
      "Postgres lacks a library of Windows",
      'install the "Microsoft Visual C++ Redistributable (x64)", or set DATABASE_URL to a Postgres of your own',
    );
  }
  if (program === "initdb" && process.platform !== "win32" && !existsSync("/bin/sh")) {
    return unavailable(
      `${program} needs /bin/sh, which is not there`,
      "set DATABASE_URL to a Postgres of your own, or start in a system that has a shell",
    );
  }
  return unavailable([`${program} failed (exit code ${exitCode})`, ...complaints(output)].join("\n  "));
}

/** The lines that complain; where none does, the last ones. */
function complaints(output: string): string[] {
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== "");
  const complaining = lines.filter((line) => /FATAL|PANIC|ERROR|error|could not/.test(line));
  return (complaining.length > 0 ? complaining : lines).slice(-8);
}
