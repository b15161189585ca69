/** Supervisor as a service manager: a program section in its conf folder, and `supervisorctl`. The section itself is `conf.ts`. */
import { OperatorError } from "../../task/errors.ts";
import { collectedLogFile } from "../definition.ts";
import { addUserSteps } from "../linux-user.ts";
import type { Machine } from "../machine.ts";
import type { ServiceManager, ServiceState, ServiceStatus } from "../manager.ts";
import { confText } from "./conf.ts";

/** Debian's and its kin's, then that of Red Hat's. */
const confPlaces = [
  { folder: "/etc/supervisor/conf.d", suffix: ".conf" },
  { folder: "/etc/supervisord.d", suffix: ".ini" },
] as const;

function confPath(serviceName: string, machine: Machine): string {
  const { folder, suffix } = confPlaces.find(({ folder }) => machine.exists(folder)) ?? confPlaces[0];
  return `${folder}/${serviceName}${suffix}`;
}

const supervisorctl = (...words: string[]) => ({ kind: "run", argv: ["supervisorctl", ...words] }) as const;

export const supervisor: ServiceManager = {
  name: "supervisor",
  platform: "linux",
  print: confText,
  install: (service, { hasUser }, machine) => [
    ...addUserSteps(service, hasUser),
    { kind: "folder", path: service.dataFolder, mode: 0o700, owner: service.user },
    { kind: "folder", path: service.logFolder, mode: 0o750 },
    { kind: "write", path: confPath(service.name, machine), text: confText(service), mode: 0o644 },
    supervisorctl("reread"),
  ],
  uninstall: (serviceName, machine) => [
    { kind: "remove", path: confPath(serviceName, machine) },
    // Which stops it, as one that is in no file any more. One that Supervisor never read is no group of its.
    { ...supervisorctl("update", serviceName), mayExitWith: [1] },
  ],
  steps(verb, serviceName) {
    const stop = supervisorctl("stop", serviceName);
    if (verb === "stop") return [stop];
    return [
      // What Supervisor has not read yet can't be stopped.
      ...(verb === "restart" ? [{ ...stop, mayExitWith: [1] }] : []),
      // Reads what is new in the file, or has changed.
      supervisorctl("update", serviceName),
      supervisorctl("start", serviceName),
    ];
  },
  async status(serviceName, machine) {
    const { stdout, stderr } = await machine.run(["supervisorctl", "status", serviceName]);
    const isWritten = machine.exists(confPath(serviceName, machine));
    return readStatus(stdout || stderr, isWritten);
  },
  async readStopTimeoutMs(serviceName, machine) {
    const seconds = /^stopwaitsecs\s*=\s*(\d+)/m.exec(
      machine.read(confPath(serviceName, machine)) ?? "",
    )?.[1];
    return seconds === undefined ? undefined : Number(seconds) * 1000;
  },
  async missing(machine) {
    if (machine.find("supervisorctl") === undefined) return "there is no supervisorctl on PATH";
    const { stdout, stderr } = await machine.run(["supervisorctl", "pid"]);
    return /^\d+$/.test(stdout.trim())
      ? undefined
      : `supervisord does not answer: ${(stdout || stderr).trim().split("\n").at(-1)}`;
  },
  cure: "apt-get install supervisor, and start it",
  afterInstall: (service) => [`logs: ${collectedLogFile(service)}`],
  logCommand: (serviceName) => `supervisorctl tail ${serviceName}`,
};

const states: Record<string, ServiceState> = {
  RUNNING: "running",
  STARTING: "starting",
  STOPPING: "stopping",
  STOPPED: "stopped",
  EXITED: "failed",
  BACKOFF: "failed",
  FATAL: "failed",
};

/**
 * The answer of `supervisorctl status NAME`: the name, the state, and what there is to say of it.
 * @throws OperatorError when it is none.
 */
export function readStatus(text: string, isWritten: boolean): ServiceStatus {
  const [, word = "", detail = ""] = /^\S+[ \t]+([A-Z]+)[ \t]*(.*)$/m.exec(text) ?? [];
  const state = states[word];
  if (state !== undefined) return { state, detail: [word, detail.trim()].filter(Boolean).join(", ") };
  if (!text.includes("no such process") && !text.includes("no such group"))
    throw new OperatorError("failed", `supervisorctl status: ${text.trim()}`, { hint: "the same as root" });
  return isWritten
    ? { state: "stopped", detail: "Supervisor has not read its file yet: service start" }
    : { state: "not installed", detail: "Supervisor knows no such program" };
}
