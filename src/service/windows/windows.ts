/**
 * Windows' own Service Control Manager: the executable is the service. Registering it is `sc`'s work; being it is
 * `src/windows/`'s and `cli/worker/windows-service.ts`'s.
 */
import { ownLogFile, type ServiceDefinition, wordsWithLogFile } from "../definition.ts";
import type { ServiceManager, Step } from "../manager.ts";
import { hasPassword, ownFilesSteps, virtualAccount } from "./account.ts";
import { removeSteps, serviceStatus, unlessThere, verbSteps } from "./control.ts";
import { scriptText } from "./script.ts";
import { batchLine, commandLine, rejectVariables, windowsServiceWord } from "./words.ts";

const run = (...argv: string[]): Step => ({ kind: "run", argv });
const serviceKey = (name: string) => `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${name}`;
const eventKey = (name: string) =>
  `HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\${name}`;

const accountOf = (service: ServiceDefinition) => service.user ?? virtualAccount(service);

function imagePath(service: ServiceDefinition): string {
  const words = [service.executable, windowsServiceWord, service.name, ...wordsWithLogFile(service)];
  const line = commandLine(words);
  rejectVariables("Windows", line);
  return line;
}

const create = (service: ServiceDefinition): string[] => [
  ...["sc.exe", "create", service.name],
  ...["binPath=", imagePath(service), "obj=", virtualAccount(service)],
];

/** All but the creation, so that it brings a service that is there up to date, too. */
function configure(service: ServiceDefinition): Step[] {
  const { name, title, description, secretFiles } = service;
  const account = accountOf(service);
  const key = serviceKey(name);
  return [
    {
      kind: "run",
      changes: true,
      argv: [
        ...["sc.exe", "config", name, "binPath=", imagePath(service), "start=", "delayed-auto"],
        ...["DisplayName=", title],
        ...(hasPassword(account) ? [] : ["obj=", account]),
      ],
    },
    run("sc.exe", "description", name, description),
    run("sc.exe", "failure", name, "reset=", "86400", "actions=", "restart/5000/restart/30000/restart/60000"),
    // An end with an exit code counts as a failure like a crash.
    run("sc.exe", "failureflag", name, "1"),
    // `|` parts the variables: no path has one.
    secretFiles.length === 0
      ? { kind: "run", argv: ["reg.exe", "delete", key, "/v", "Environment", "/f"], mayExitWith: [1] }
      : run(
          ...["reg.exe", "add", key, "/v", "Environment", "/t", "REG_MULTI_SZ", "/s", "|", "/d"],
          ...[secretFiles.map(({ variable, path }) => `${variable}=${path}`).join("|"), "/f"],
        ),
    run(
      ...["reg.exe", "add", eventKey(name), "/v", "EventMessageFile", "/t", "REG_EXPAND_SZ"],
      ...["/d", "%SystemRoot%\\System32\\EventCreate.exe", "/f"],
    ),
    // Errors, warnings and information.
    run("reg.exe", "add", eventKey(name), "/v", "TypesSupported", "/t", "REG_DWORD", "/d", "7", "/f"),
    ...ownFilesSteps(service, account),
  ];
}

export const windows: ServiceManager = {
  name: "windows",
  platform: "win32",
  print: (service) =>
    scriptText(`Makes the Windows service ${service.name}.`, [
      unlessThere(service.name, batchLine(create(service))),
      ...configure(service),
    ]),
  install: (service, { status }) => [
    ...(status.state === "not installed" ? [run(...create(service))] : []),
    ...configure(service),
  ],
  uninstall: (name) => [
    ...removeSteps(name),
    { kind: "run", argv: ["reg.exe", "delete", eventKey(name), "/f"], mayExitWith: [1] },
  ],
  steps: verbSteps,
  status: serviceStatus,
  missing: async () => undefined,
  cure: "",
  afterInstall: (service) => [
    ...(hasPassword(accountOf(service))
      ? [`services.msc: give ${service.name} the account ${accountOf(service)} and its password`]
      : []),
    `logs: ${ownLogFile(service)}`,
    `starts, stops and failures: Event Viewer, Application, source ${service.name}`,
  ],
};
