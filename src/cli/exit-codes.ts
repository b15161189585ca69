/** What the process's exit code says, after BSD's sysexits; supervisors act on it. */
import type { FaultKind } from "../task/errors.ts";

export const exitCodes = {
  ok: 0,
  failed: 1,
  conflict: 1,
  usage: 2,
  /** Of `service status`, as `systemctl is-active` and `status` end. */
  "not-running": 3,
  "not-installed": 4,
  /** EX_UNAVAILABLE: the database can't be reached. Worth a restart. */
  unavailable: 69,
  /** EX_TEMPFAIL: the stop had to abort tasks; they were given back. */
  "drain-timed-out": 75,
  /** EX_CONFIG: a restart changes nothing until somebody corrects the configuration. */
  config: 78,
} as const satisfies Record<FaultKind | "ok" | "not-running" | "not-installed", number>;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
