/** The unit file of a service. Pure: the definition says all of it. */
import { type ServiceDefinition, stopTimeoutMs } from "../definition.ts";
import { commandWord, credentialPath, literal, pattern, program, word } from "./quote.ts";

/** A worker feeds it while its loops turn, at half of this. */
const watchdogSeconds = 60;

/** Unpacking, `initdb` and migrations come before the worker is ready. */
const startSeconds = 900;

export function unitText(service: ServiceDefinition): string {
  const { name, user, envFile, secretFiles, dataFolder, workingFolder, executable, words } = service;
  return `# Written by "fiscaut-tasks service install", which writes it anew. Your own changes belong into "systemctl edit ${name}".
[Unit]
Description=${literal(service.title)}
Wants=network-online.target
After=network-online.target nss-lookup.target postgresql.service
RequiresMountsFor=${word(dataFolder)}

[Service]
Type=notify
NotifyAccess=main
ExecStart=${[program(executable), ...words.map(commandWord)].join(" ")}
WorkingDirectory=${literal(workingFolder)}
${lines([
  user !== undefined && `User=${literal(user)}`,
  envFile !== undefined && `EnvironmentFile=${pattern(envFile)}`,
  ...secretFiles.flatMap(({ variable, path }) => [
    `LoadCredential=${variable}:${credentialPath(path)}`,
    `Environment=${variable}=%d/${variable}`,
  ]),
  ...dataFolderLines(dataFolder),
])}
TimeoutStartSec=${startSeconds}
WatchdogSec=${watchdogSeconds}
# The worker drains first, and asks for more time while it does.
TimeoutStopSec=${Math.ceil(stopTimeoutMs(service) / 1000)}
# Only the worker is asked to stop: it ends what it has started, each program in a process group of its own.
KillMode=mixed
Restart=on-failure
RestartSec=5
# 2 and 78: flags or configuration are wrong, and a restart changes nothing. 75: the drain time was over, nothing is lost.
RestartPreventExitStatus=2 78
SuccessExitStatus=75
# A program that runs out of memory is its task's failure, not the worker's.
OOMPolicy=continue
LimitNOFILE=65536
${hardening}
[Install]
WantedBy=multi-user.target
`;
}

/** systemd makes folders below /var/lib itself; another one has to be there. */
function dataFolderLines(dataFolder: string): string[] {
  const below = /^\/var\/lib\/([\w.-]+(?:\/[\w.-]+)*)$/.exec(dataFolder)?.[1];
  return below === undefined
    ? [`ReadWritePaths=${word(dataFolder)}`]
    : [`StateDirectory=${below}`, "StateDirectoryMode=0700"];
}

const lines = (given: (string | false)[]) => given.filter((line) => line !== false).join("\n");

/** Not here: what hides /proc, which Bun reads, and MemoryDenyWriteExecute, which forbids its compiler. */
const hardening = `UMask=0027
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
`;
