/** Which managers there are, and which of them this machine has. */
import type { Machine } from "./machine.ts";
import type { ManagerName, ServiceManager } from "./manager.ts";
import { nssmAt } from "./nssm/nssm.ts";
import { schtasksManager } from "./schtasks/schtasks.ts";
import { supervisor } from "./supervisor/supervisor.ts";
import { systemd } from "./systemd/systemd.ts";
import { windows } from "./windows/windows.ts";

/** What one of them has to be told beforehand. */
export interface ManagerOptions {
  /** Path of `nssm.exe`, when it is not on PATH. */
  readonly nssm?: string | undefined;
}

/** Those of a machine in the order in which they are preferred. */
const allManagers = ({ nssm }: ManagerOptions): readonly ServiceManager[] => [
  systemd,
  supervisor,
  nssmAt(nssm),
  windows,
  schtasksManager,
];

export function managerOf(name: ManagerName, options: ManagerOptions): ServiceManager {
  const manager = allManagers(options).find((known) => known.name === name);
  if (manager === undefined) throw new Error(`no manager is called ${name}`);
  return manager;
}

export interface Detected {
  /** The first that can be used; undefined when none can. */
  readonly manager: ServiceManager | undefined;
  /** The others that can be. */
  readonly others: readonly ServiceManager[];
  /** Of those that this platform has and that can't be used: why, and what cures it. */
  readonly missing: readonly string[];
}

export async function detectManager(machine: Machine, options: ManagerOptions): Promise<Detected> {
  const usable: ServiceManager[] = [];
  const missing: string[] = [];
  for (const manager of allManagers(options).filter(({ platform }) => platform === machine.platform)) {
    const fault = await manager.missing(machine);
    if (fault === undefined) usable.push(manager);
    else missing.push(`${manager.name}: ${fault}`);
  }
  const [manager, ...others] = usable;
  return { manager, others, missing };
}
