/** NSSM, which runs the worker as a Windows service: `nssm.exe` and its settings. What every Windows service has is `../windows/`'s. */
import { collectedLogFile, type ServiceDefinition, stopTimeoutMs, wordsWithEnvFile } from "../definition.ts";
import type { ServiceManager, Step } from "../manager.ts";
import { hasPassword, ownFilesSteps, virtualAccount } from "../windows/account.ts";
import { removeSteps, serviceStatus, unlessThere, verbSteps } from "../windows/control.ts";
import { scriptText } from "../windows/script.ts";
import { batchLine, commandLine, rejectVariables } from "../windows/words.ts";

/** An end within this time after the start counts as a failed start: the next one waits longer each time. */
const throttleMs = 5_000;
const restartDelayMs = 5_000;
const rotateBytes = 20_000_000;
/** WM_CLOSE and WM_QUIT: the worker has no window, and each would be waited for. */
const skippedStopMethods = 2 + 4;
/** Ends that no restart follows: a stop, with and without its tasks done; wrong flags or a wrong configuration. */
const finalExitCodes = [0, 75, 2, 78];

const accountOf = (service: ServiceDefinition) => service.user ?? virtualAccount(service);

/** @param path of `nssm.exe`, when it is not to be found on PATH. */
export function nssmAt(path: string | undefined): ServiceManager {
  const program = path ?? "nssm.exe";
  const create = ({ name, executable }: ServiceDefinition) => [program, "install", name, executable];
  return {
    name: "nssm",
    platform: "win32",
    print: (service) =>
      scriptText(`Makes the Windows service ${service.name}, run by NSSM.`, [
        unlessThere(service.name, batchLine(create(service))),
        ...configure(program, service),
      ]),
    install: (service, { status }) => [
      ...(status.state === "not installed" ? [{ kind: "run", argv: create(service) } as const] : []),
      ...configure(program, service),
    ],
    uninstall: removeSteps,
    steps: verbSteps,
    status: serviceStatus,
    async missing(machine) {
      if (path !== undefined) return machine.exists(path) ? undefined : `there is no ${path}`;
      return machine.find(program) === undefined ? "there is no nssm.exe on PATH" : undefined;
    },
    cure: "get NSSM from https://nssm.cc/download, and name its nssm.exe with --nssm or put it on PATH",
    afterInstall: (service) => [
      ...(hasPassword(accountOf(service))
        ? [`services.msc: give ${service.name} the account ${accountOf(service)} and its password`]
        : []),
      `logs: ${collectedLogFile(service)}; older ones beside it stay until you delete them`,
    ],
  };
}

/** All but the creation, so that it brings a service that is there up to date, too. */
function configure(program: string, service: ServiceDefinition): Step[] {
  const { name, title, description, executable, workingFolder, secretFiles } = service;
  const parameters = commandLine(wordsWithEnvFile(service));
  for (const text of [executable, parameters, workingFolder, collectedLogFile(service)])
    rejectVariables("NSSM", text);
  const set = (...words: string[]): Step => ({
    kind: "run",
    changes: true,
    argv: [program, "set", name, ...words],
  });
  const account = accountOf(service);
  return [
    set("Application", executable),
    // One word: NSSM puts a blank between several, and no quotes round them.
    set("AppParameters", parameters),
    set("AppDirectory", workingFolder),
    set("DisplayName", title),
    set("Description", description),
    set("Start", "SERVICE_DELAYED_AUTO_START"),
    set("AppStdout", collectedLogFile(service)),
    set("AppStderr", collectedLogFile(service)),
    set("AppRotateFiles", "1"),
    set("AppRotateOnline", "1"),
    set("AppRotateBytes", String(rotateBytes)),
    // Ctrl+C, which drains, and then the end by force.
    set("AppStopMethodSkip", String(skippedStopMethods)),
    set("AppStopMethodConsole", String(stopTimeoutMs(service))),
    set("AppExit", "Default", "Restart"),
    ...finalExitCodes.map((code) => set("AppExit", String(code), "Exit")),
    set("AppThrottle", String(throttleMs)),
    set("AppRestartDelay", String(restartDelayMs)),
    secretFiles.length === 0
      ? { kind: "run", argv: [program, "reset", name, "AppEnvironmentExtra"] }
      : set("AppEnvironmentExtra", ...secretFiles.map(({ variable, path }) => `${variable}=${path}`)),
    // NSSM's own ObjectName: but before 2.25 it knows no account without a password save Windows' own three.
    ...(hasPassword(account)
      ? []
      : [{ kind: "run", argv: ["sc.exe", "config", name, "obj=", account] } as const]),
    ...ownFilesSteps(service, account),
  ];
}
