/** Windows' Task Scheduler as a service manager, by `schtasks`. The task itself is `task-xml.ts`. */
import { readFileSync } from "node:fs";
import { win32 } from "node:path";
import { OperatorError } from "../../task/errors.ts";
import { ownLogFile, type ServiceDefinition } from "../definition.ts";
import { type Machine, thisMachine } from "../machine.ts";
import type { ServiceManager, ServiceState, ServiceStatus, Step } from "../manager.ts";
import { ownFilesSteps } from "../windows/account.ts";
import { splitCommandLine } from "../windows/words.ts";
import { defaultTaskAccount, taskXml } from "./task-xml.ts";

/** Flags that say which worker is meant. */
const placeFlags = ["--config", "--env-file", "--data-dir"];

const schtasks = (...words: string[]): Step => ({ kind: "run", argv: ["schtasks.exe", ...words] });
const xmlPath = ({ name, dataFolder }: ServiceDefinition) => win32.join(dataFolder, `${name}-task.xml`);

export const schtasksManager: ServiceManager = {
  name: "schtasks",
  platform: "win32",
  print: taskXml,
  printEncoding: "utf-16le",
  install: (service) => [
    ...ownFilesSteps(service, service.user ?? defaultTaskAccount),
    { kind: "write", path: xmlPath(service), text: taskXml(service), mode: 0o600, encoding: "utf-16le" },
    schtasks("/create", "/tn", service.name, "/xml", xmlPath(service), "/f"),
  ],
  uninstall: (name) => [...stop(name), schtasks("/delete", "/tn", name, "/f")],
  steps(verb, name) {
    const start = [schtasks("/change", "/tn", name, "/enable"), schtasks("/run", "/tn", name)];
    if (verb === "start") return start;
    return verb === "stop" ? stop(name) : [...stop(name), ...start];
  },
  async status(name, machine) {
    // `schtasks /query` tells the state in the language of Windows, this one the name of it.
    const command = `(Get-ScheduledTask -TaskName '${name}' -ErrorAction Stop).State.ToString()`;
    const { exitCode, stdout } = await machine.run(["schtasks.exe", "/query", "/tn", name]);
    if (exitCode !== 0)
      return { state: "not installed", detail: `Task Scheduler has no such task: ${stdout.trim()}` };
    const asked = await machine.run(["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", command]);
    if (asked.exitCode !== 0)
      throw new OperatorError("failed", `Get-ScheduledTask: ${(asked.stderr || asked.stdout).trim()}`);
    return readState(asked.stdout.trim());
  },
  missing: async () => undefined,
  cure: "",
  afterInstall: (service) => [
    "Task Scheduler starts it at boot, and looks after it every minute from now on",
    `logs: ${ownLogFile(service)}`,
  ],
};

/** Only disabled it stays down: a minute later Task Scheduler would look after it. Its own `/end` kills. */
const stop = (name: string): Step[] => [
  schtasks("/change", "/tn", name, "/disable"),
  {
    kind: "call",
    says: `ask the worker of the task ${name} to stop, and wait`,
    call: () => stopWorker(name, thisMachine),
  },
];

async function stopWorker(name: string, machine: Machine): Promise<void> {
  const definition = readFileSync(
    win32.join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", "Tasks", name),
    "utf16le",
  );
  const { exitCode, stdout, stderr } = await machine.run(stopWords(definition));
  if (exitCode !== 0) throw new OperatorError("failed", (stderr || stdout).trim());
}

/** The command that stops the worker which a task's definition starts. */
export function stopWords(definition: string): string[] {
  const [, executable = ""] = /<Command>(.*?)<\/Command>/s.exec(definition) ?? [];
  const [, parameters = ""] = /<Arguments>(.*?)<\/Arguments>/s.exec(definition) ?? [];
  const words = splitCommandLine(plain(parameters));
  const place = words.flatMap((word, at) => {
    if (placeFlags.includes(word)) return [word, words[at + 1] ?? ""];
    return placeFlags.some((flag) => word.startsWith(`${flag}=`)) ? [word] : [];
  });
  return [plain(executable), "stop", "--wait", ...place];
}

const plain = (xml: string) =>
  xml.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const states: Record<string, ServiceState> = {
  Running: "running",
  Queued: "starting",
  Ready: "stopped",
  Disabled: "stopped",
};

/** In PowerShell's words. Ready is a task that does not run now, and that the next look starts. */
function readState(word: string): ServiceStatus {
  const state = states[word];
  if (state === undefined)
    throw new OperatorError("failed", `Get-ScheduledTask: "${word}" is no state that is known`);
  return { state, detail: word };
}
