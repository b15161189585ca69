/**
 * What a service manager is to the commands: pure functions from a definition to steps, and a look at how the service
 * is. Each manager has a folder of its own; taking the steps, or only telling them, is `apply.ts`.
 */
import type { ServiceDefinition } from "./definition.ts";
import type { Machine, Platform } from "./machine.ts";

export const managerNames = ["systemd", "supervisor", "nssm", "windows", "schtasks"] as const;
export type ManagerName = (typeof managerNames)[number];

/** One thing that is done to the machine. Each is safe to repeat. */
export type Step =
  | {
      readonly kind: "write";
      readonly path: string;
      readonly text: string;
      readonly mode: number;
      /** `schtasks /create /xml` wants UTF-16 with a byte order mark. Default: UTF-8 without. */
      readonly encoding?: "utf-16le";
    }
  | { readonly kind: "remove"; readonly path: string }
  | {
      readonly kind: "folder";
      readonly path: string;
      readonly mode: number;
      /** Whom it is given when it is made; one that is there already stays whose it is. */
      readonly owner?: string | undefined;
    }
  | {
      readonly kind: "run";
      readonly argv: readonly string[];
      /** Not told or shown: a password on standard input. */
      readonly input?: string;
      /** Counts as a change, as that of a file does: where the manager keeps a service's settings itself. */
      readonly changes?: true;
      /** Left out when no file before it changed. */
      readonly onlyAfterChange?: boolean;
      /** Other exit codes that are no fault, such as that of "already stopped". */
      readonly mayExitWith?: readonly number[];
    }
  /** A call of the system's, by FFI. `says` is what is told of it. */
  | { readonly kind: "call"; readonly says: string; readonly call: () => void | Promise<void> };

export const serviceStates = [
  "running",
  "starting",
  "stopping",
  "stopped",
  "failed",
  "not installed",
] as const;
export type ServiceState = (typeof serviceStates)[number];

export interface ServiceStatus {
  readonly state: ServiceState;
  /** In the manager's own words, with the process id where it tells one. */
  readonly detail: string;
}

/** What the install looked up before it says what it takes. */
export interface Found {
  readonly status: ServiceStatus;
  /** Whether the definition's account is there; true where it names none. */
  readonly hasUser: boolean;
}

export type Verb = "start" | "stop" | "restart";

export interface ServiceManager {
  readonly name: ManagerName;
  readonly platform: Platform;
  /** What `print` writes: the file that the manager reads, or the script that tells it. */
  print(service: ServiceDefinition): string;
  /** How a file of that has to be written. Default: UTF-8 without a byte order mark. */
  readonly printEncoding?: "utf-16le";
  /** What makes the service as defined, started at boot but not yet now; over one that is there, what brings it up to date. */
  install(service: ServiceDefinition, found: Found, machine: Machine): readonly Step[];
  /** Stops it, too. Data, configuration, logs and account stay. */
  uninstall(serviceName: string, machine: Machine): readonly Step[];
  steps(verb: Verb, serviceName: string): readonly Step[];
  /** @throws OperatorError when the manager can't be asked. */
  status(serviceName: string, machine: Machine): Promise<ServiceStatus>;
  /**
   * How long the installed service is given to stop before it is killed, ms; undefined where that can't be told.
   * Absent: the manager has no such time.
   */
  readStopTimeoutMs?(serviceName: string, machine: Machine): Promise<number | undefined>;
  /** What is missing for the manager to be used here, in words; undefined when nothing is. */
  missing(machine: Machine): Promise<string | undefined>;
  /** What to do about that. */
  readonly cure: string;
  /** For the operator: where the logs are, and what else there is to do after the install. Lines. */
  afterInstall(service: ServiceDefinition): readonly string[];
  /** Shows the last lines that the service has logged: what to do when it does not start. */
  readonly logCommand?: (serviceName: string) => string;
}
