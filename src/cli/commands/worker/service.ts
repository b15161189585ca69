/** `service`: the worker as a service of the operating system. What each manager takes is `src/service/`'s affair. */
import { writeFileSync } from "node:fs";
import { defineCommand } from "citty";
import { stdout } from "../../../log/sync-stream.ts";
import { applySteps, describeStep, encodeText } from "../../../service/apply.ts";
import { type Platform, thisMachine } from "../../../service/machine.ts";
import {
  managerNames,
  type ServiceManager,
  type ServiceStatus,
  type Step,
  type Verb,
} from "../../../service/manager.ts";
import { OperatorError } from "../../../task/errors.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { printJson, printLine } from "../../output/print.ts";
import { chooseManager } from "../../service/choose-manager.ts";
import { defineService, definitionFlags, readServiceName } from "../../service/define-service.ts";

/** A manager that takes longer to start it is told as starting. */
const settlesWithinMs = 30_000;

const commonFlags = {
  manager: {
    type: "string",
    description: `${managerNames.join(", ")}; without it the one that is found`,
    valueHint: "manager",
    values: managerNames,
  },
  name: { type: "string", description: "Name of the service", valueHint: "name" },
  nssm: { type: "string", description: "The nssm.exe of NSSM, when it is not on PATH", valueHint: "path" },
} as const;

const dryRun = {
  "dry-run": { type: "boolean", description: "Print every file and command, and change nothing" },
} as const;

const printCommand = defineCommand({
  meta: {
    name: "service print",
    description: "Print the file or script of a service, for this machine or another",
    examples: ["fiscaut-tasks service print", "fiscaut-tasks service print --manager supervisor"],
  },
  args: {
    ...commonFlags,
    ...definitionFlags,
    output: {
      type: "string",
      description: "Write a file instead, as the manager reads it: PowerShell's > would change its bytes",
      valueHint: "path",
    },
  },
  async run(context) {
    const { manager, nssm, output } = context.args;
    const { manager: chosen } = await chooseManager(manager, { need: "nothing", nssm });
    const name = readServiceName(context.args.name);
    const service = defineService(context, { name, platform: chosen.platform, mustExist: false });
    const text = chosen.print(service);
    if (output === undefined && stdout.isTTY) stdout.write(text);
    else if (output === undefined) stdout.write(encodeText(text, chosen.printEncoding));
    else writeFileSync(output, encodeText(text, chosen.printEncoding));
  },
});

const installCommand = defineCommand({
  meta: {
    name: "service install",
    description: "Make the worker a service that starts at boot, or bring its service up to date",
    examples: [
      "sudo fiscaut-tasks service install --dry-run",
      "sudo fiscaut-tasks service install --env-file /etc/fiscaut-tasks/env",
    ],
  },
  args: { ...commonFlags, ...definitionFlags, ...dryRun },
  async run(context) {
    requireRoot(context);
    const { manager, because } = await chooseManager(context.args.manager, {
      need: context.args["dry-run"] ? "platform" : "manager",
      nssm: context.args.nssm,
    });
    const name = readServiceName(context.args.name);
    const service = defineService(context, { name, platform: manager.platform, mustExist: true });
    const isHere = (await manager.missing(thisMachine)) === undefined;
    const status: ServiceStatus = isHere
      ? await manager.status(name, thisMachine)
      : { state: "not installed", detail: "" };
    const hasUser = await userExists(service.user, manager.platform);
    if (!hasUser && context.args.user !== undefined)
      throw new OperatorError("usage", `--user: there is no account "${service.user}"`);
    tell(because);
    const isNew = status.state === "not installed";
    const changed = await take(context, manager.install(service, { status, hasUser }, thisMachine));
    if (context.args["dry-run"]) return;
    const here = `service ${name} of ${manager.name}`;
    if (isNew) tell(`${here} is installed; start it: ${again("start", context)}`);
    else if (changed) tell(`${here} is brought up to date; take it over: ${again("restart", context)}`);
    else tell(`${here} was installed already, and nothing had to change`);
    for (const line of manager.afterInstall(service)) tell(line);
  },
});

const uninstallCommand = defineCommand({
  meta: {
    name: "service uninstall",
    description: "Stop the service and remove it; data and configuration stay",
    examples: ["sudo fiscaut-tasks service uninstall --dry-run"],
  },
  args: { ...commonFlags, ...dryRun },
  async run(context) {
    const { manager, name } = await installed(context);
    await take(context, manager.uninstall(name, thisMachine));
    if (context.args["dry-run"]) return;
    const { state, detail } = await manager.status(name, thisMachine);
    if (state === "stopping")
      return tell(`service ${name} of ${manager.name} ends its tasks, and is removed when it has stopped`);
    if (state !== "not installed")
      throw new OperatorError("failed", `${manager.name} still has service ${name}: ${state}, ${detail}`);
    tell(`service ${name} of ${manager.name} is removed; its data, configuration and account stay`);
  },
});

const verbCommand = (verb: Verb, description: string) =>
  defineCommand({
    meta: { name: `service ${verb}`, description, examples: [`sudo fiscaut-tasks service ${verb}`] },
    args: { ...commonFlags, ...dryRun },
    async run(context) {
      const { manager, name } = await installed(context);
      try {
        await take(context, manager.steps(verb, name));
      } catch (error) {
        if (!(error instanceof OperatorError) || error.hint !== undefined) throw error;
        const hint = manager.logCommand?.(name);
        throw new OperatorError(error.kind, error.message, hint === undefined ? {} : { hint });
      }
      if (context.args["dry-run"]) return;
      const { state, detail } = await settled(manager, name);
      tell(`service ${name} is ${state}: ${detail}`);
    },
  });

const statusCommand = defineCommand({
  meta: {
    name: "service status",
    description: "Tell how the service is; ends with 0 when it runs, 3 when not, 4 when it is not installed",
    examples: ["fiscaut-tasks service status", "fiscaut-tasks service status --manager supervisor --json"],
  },
  args: { ...commonFlags, json: { type: "boolean", description: "Print JSON" } },
  async run(context): Promise<ExitCode> {
    const { manager } = await chooseManager(context.args.manager, {
      need: "manager",
      nssm: context.args.nssm,
    });
    const name = readServiceName(context.args.name);
    const { state, detail } = await manager.status(name, thisMachine);
    if (context.args.json) printJson({ name, manager: manager.name, state, detail });
    else printLine(`${name} (${manager.name}): ${state}: ${detail}`);
    if (state === "running") return exitCodes.ok;
    return state === "not installed" ? exitCodes["not-installed"] : exitCodes["not-running"];
  },
});

export const serviceCommand = defineCommand({
  meta: {
    name: "service",
    description: "Run the worker as a service of the operating system",
    examples: [
      "fiscaut-tasks service print",
      "sudo fiscaut-tasks service install",
      "fiscaut-tasks service status",
    ],
  },
  subCommands: {
    install: installCommand,
    uninstall: uninstallCommand,
    start: verbCommand("start", "Start the service"),
    stop: verbCommand("stop", "Stop the service: what runs is ended first"),
    restart: verbCommand(
      "restart",
      "Stop the service and start it again, with a new executable if there is one",
    ),
    status: statusCommand,
    print: printCommand,
  },
});

interface Context {
  args: {
    manager?: string | undefined;
    name?: string | undefined;
    nssm?: string | undefined;
    "dry-run"?: boolean | undefined;
  };
}

/** @throws OperatorError for one who is not root and does not only want to be told. */
function requireRoot({ args }: Context): void {
  if (!args["dry-run"] && !thisMachine.isPrivileged)
    throw new OperatorError("failed", "only root may change services", {
      hint: "the same with sudo; --dry-run tells what it would do",
    });
}

/** @throws OperatorError when there is no such service. */
async function installed(context: Context) {
  const { args } = context;
  requireRoot(context);
  const { manager } = await chooseManager(args.manager, { need: "manager", nssm: args.nssm });
  const name = readServiceName(args.name);
  const { state } = await manager.status(name, thisMachine);
  if (state === "not installed")
    throw new OperatorError("failed", `${manager.name} has no service ${name}`, { hint: "service install" });
  return { manager, name };
}

/** @returns whether a file changed. */
async function take({ args }: Context, steps: readonly Step[]): Promise<boolean> {
  if (args["dry-run"]) {
    for (const step of steps) printLine(describeStep(step));
    return false;
  }
  return await applySteps(steps, thisMachine, tell);
}

/**
 * How the service is once it is no longer on its way up. Not every manager's own command waits for that: Supervisor's
 * only says "already started" of one that it has begun to start.
 */
async function settled(manager: ServiceManager, name: string): Promise<ServiceStatus> {
  const until = performance.now() + settlesWithinMs;
  for (;;) {
    const status = await manager.status(name, thisMachine);
    if (status.state !== "starting" || performance.now() > until) return status;
    await Bun.sleep(250);
  }
}

const again = (verb: Verb, { args }: Context) =>
  ["fiscaut-tasks service", verb]
    .concat(args.manager === undefined ? [] : ["--manager", args.manager])
    .concat(args.name === undefined ? [] : ["--name", args.name])
    .join(" ");

async function userExists(user: string | undefined, platform: Platform): Promise<boolean> {
  if (user === undefined || platform === "win32") return true;
  return (await thisMachine.run(["id", "-u", user])).exitCode === 0;
}

function tell(line: string | undefined): void {
  if (line !== undefined) printLine(line);
}
