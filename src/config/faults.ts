/** Collects what is wrong with the configuration, so that all of it is told at once. Finding it is `load.ts`. */
import { OperatorError } from "../task/errors.ts";
import { codeOf } from "../task/thrown.ts";
import { redactUrl } from "./redact-url.ts";

export interface Fault {
  /** Where the operator has to look: `--port`, `FISCAUT_TASKS_PORT`, `/etc/fiscaut-tasks/fiscaut-tasks.toml:port`. */
  source: string;
  /** Holds no secret. */
  message: string;
  hint?: string;
  /** The value of a flag is wrong, which is a slip of the command line rather than of the installation. */
  isUsage?: boolean;
}

/** "usage" when nothing but flags is wrong, else "config": a restart by a supervisor could not help either way. */
export function errorOf(faults: readonly Fault[]): OperatorError {
  const lines = faults.map(({ source, message }) => `${source}: ${message}`);
  const hints = new Set(faults.flatMap(({ hint }) => hint ?? []));
  return new OperatorError(
    faults.every(({ isUsage }) => isUsage) ? "usage" : "config",
    lines.length === 1
      ? lines.join()
      : `${lines.length} faults in the configuration:\n  ${lines.join("\n  ")}`,
    hints.size === 0 ? {} : { hint: [...hints].join("; ") },
  );
}

/** A value as a fault may repeat it: cut, without the password of a URL, and a secret not at all. */
export function quote(raw: unknown, secret: boolean): string {
  if (secret) return "the value";
  if (typeof raw === "string") {
    const text = redactUrl(raw);
    return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
  }
  if (typeof raw === "number" || typeof raw === "boolean") return String(raw);
  return Array.isArray(raw) ? "the list" : "the value";
}

/** Why a file can't be read, in words that follow its path. */
export function explainReadError(error: unknown): string {
  const code = codeOf(error) ?? "unknown reason";
  if (code === "ENOENT" || code === "ENOTDIR") return "does not exist";
  if (code === "EACCES" || code === "EPERM") return "can't be read: permission denied";
  return code === "EISDIR" ? "is a folder, not a file" : `can't be read (${code})`;
}
