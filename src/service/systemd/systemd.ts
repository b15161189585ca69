/** systemd as a service manager: a unit file in /etc/systemd/system, and `systemctl`. The unit itself is `unit.ts`. */
import { OperatorError } from "../../task/errors.ts";
import { addUserSteps } from "../linux-user.ts";
import type { ServiceManager, ServiceStatus, Step } from "../manager.ts";
import { unitText } from "./unit.ts";

const unitOf = (serviceName: string) => `${serviceName}.service`;
const pathOf = (serviceName: string) => `/etc/systemd/system/${unitOf(serviceName)}`;
const systemctl = (...words: string[]): Step => ({ kind: "run", argv: ["systemctl", ...words] });

export const systemd: ServiceManager = {
  name: "systemd",
  platform: "linux",
  print: unitText,
  install: (service, { hasUser }) => [
    ...addUserSteps(service, hasUser),
    { kind: "write", path: pathOf(service.name), text: unitText(service), mode: 0o644 },
    { kind: "run", argv: ["systemctl", "daemon-reload"], onlyAfterChange: true },
    systemctl("enable", "--quiet", unitOf(service.name)),
  ],
  uninstall: (serviceName) => [
    systemctl("disable", "--quiet", "--now", unitOf(serviceName)),
    { kind: "remove", path: pathOf(serviceName) },
    systemctl("daemon-reload"),
  ],
  steps: (verb, serviceName) => [systemctl(verb, unitOf(serviceName))],
  async status(serviceName, machine) {
    const { exitCode, stdout, stderr } = await machine.run([
      "systemctl",
      "show",
      "--property=LoadState,ActiveState,SubState,MainPID,Result,ExecMainStatus,StatusText",
      unitOf(serviceName),
    ]);
    if (exitCode !== 0)
      throw new OperatorError("failed", `systemctl show: ${stderr.trim()}`, {
        hint: "service status as root",
      });
    return readShow(stdout);
  },
  async readStopTimeoutMs(serviceName, machine) {
    const { stdout } = await machine.run([
      "systemctl",
      "show",
      "--property=TimeoutStopUSec",
      unitOf(serviceName),
    ]);
    return readTimeSpanMs(stdout.trim().replace(/^TimeoutStopUSec=/, ""));
  },
  missing: async (machine) =>
    machine.exists("/run/systemd/system")
      ? undefined
      : "this machine was not started by systemd: there is no /run/systemd/system",
  cure: "--manager supervisor",
  afterInstall: ({ name }) => [`logs: journalctl --unit ${name} --follow`],
  logCommand: (serviceName) => `journalctl --unit ${serviceName} --lines 20`,
};

/** The answer of `systemctl show`, as systemd words it. */
export function readShow(text: string): ServiceStatus {
  const told = Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const { LoadState, ActiveState, SubState, MainPID, Result, ExecMainStatus, StatusText } = told;
  if (LoadState === "not-found") return { state: "not installed", detail: "systemd knows no such unit" };
  const words = [
    `${ActiveState} (${SubState})`,
    MainPID !== "0" && `process ${MainPID}`,
    Result !== "success" && `${Result}, exit code ${ExecMainStatus}`,
    StatusText,
  ];
  return { state: stateOf(ActiveState, SubState), detail: words.filter(Boolean).join(", ") };
}

const unitsMs = { h: 3_600_000, min: 60_000, s: 1_000, ms: 1 } as const;

/** As `systemctl show` writes them, `1min 30s`; see systemd.time(7). */
export function readTimeSpanMs(text: string): number | undefined {
  if (text === "infinity") return Number.POSITIVE_INFINITY;
  const parts = [...text.matchAll(/(\d+)(h|min|s|ms)(?= |$)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join(" ") !== text) return undefined;
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * unitsMs[unit as keyof typeof unitsMs],
    0,
  );
}

function stateOf(active: string | undefined, sub: string | undefined): ServiceStatus["state"] {
  switch (active) {
    case "active":
    case "reloading":
      return "running";
    case "activating":
      // Between two tries: it is not running, and not for good.
      return sub === "auto-restart" ? "failed" : "starting";
    case "deactivating":
      return "stopping";
    case "failed":
      return "failed";
    default:
      return "stopped";
  }
}
