/** What is the same of every Windows service, whoever runs its program: starting, stopping, removing, how it is. */
import { OperatorError } from "../../task/errors.ts";
import type { Machine } from "../machine.ts";
import type { ServiceState, ServiceStatus, Step, Verb } from "../manager.ts";

/** `net` says so of a start of what runs and a stop of what doesn't, and of every other fault. */
const faultOfNet = 2;
/** ERROR_SERVICE_DOES_NOT_EXIST, 1060. Of an exit code Bun (1.4.5) tells the low byte alone. */
const noSuchService = 1060 & 0xff;
/** ERROR_SERVICE_NEVER_STARTED */
const neverStarted = 1077;
/** ERROR_SERVICE_SPECIFIC_ERROR: the code beside it is the service's own. */
const serviceSpecific = 1066;

const net = (verb: "start" | "stop", serviceName: string, mayFail: boolean): Step => ({
  kind: "run",
  // Unlike `sc`, it returns when that is done.
  argv: ["net.exe", verb, serviceName],
  ...(mayFail ? { mayExitWith: [faultOfNet] } : {}),
});

export function verbSteps(verb: Verb, serviceName: string): Step[] {
  if (verb === "start") return [net("start", serviceName, false)];
  if (verb === "stop") return [net("stop", serviceName, false)];
  return [net("stop", serviceName, true), net("start", serviceName, false)];
}

export const removeSteps = (serviceName: string): Step[] => [
  net("stop", serviceName, true),
  { kind: "run", argv: ["sc.exe", "delete", serviceName] },
];

/** For the script, which can't be told beforehand whether there is one. */
export const unlessThere = (serviceName: string, line: string) =>
  `sc.exe query ${serviceName} >nul 2>&1 || ${line} || exit /b 1`;

export async function serviceStatus(serviceName: string, machine: Machine): Promise<ServiceStatus> {
  const { exitCode, stdout, stderr } = await machine.run(["sc.exe", "query", serviceName]);
  if (exitCode === noSuchService) return { state: "not installed", detail: "Windows knows no such service" };
  if (exitCode !== 0)
    throw new OperatorError("failed", `sc query: ${(stderr || stdout).trim() || `exit code ${exitCode}`}`);
  return readQuery(stdout);
}

const states: Record<string, ServiceState> = {
  STOPPED: "stopped",
  START_PENDING: "starting",
  STOP_PENDING: "stopping",
  RUNNING: "running",
  CONTINUE_PENDING: "starting",
  PAUSE_PENDING: "stopping",
  // So NSSM tells that it waits before the next start of a program that ends again and again.
  PAUSED: "failed",
};

/** The answer of `sc query`, of which Windows translates the labels, but neither the names of states nor the numbers. */
export function readQuery(text: string): ServiceStatus {
  const name = /:\s+\d\s+([A-Z_]+)/.exec(text.replace(/^.*WIN32_.*$/m, ""))?.[1] ?? "";
  const [win32 = 0, own = 0] = [...text.matchAll(/:\s+(\d+)\s+\(0x/g)].map((match) => Number(match[1]));
  const state = states[name];
  if (state === undefined)
    throw new OperatorError("failed", `sc query: its answer can't be read: ${text.trim()}`);
  if (state !== "stopped" || win32 === 0) return { state, detail: name };
  if (win32 === neverStarted) return { state, detail: `${name}, not started since the machine was` };
  return { state: "failed", detail: `${name}, exit code ${win32 === serviceSpecific ? own : win32}` };
}
