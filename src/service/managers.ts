/** Which managers there are, and which of them this machine has. */
import { OperatorError } from "../task/errors.ts";
import type { Machine } from "./machine.ts";
import type { ManagerName, ServiceManager } from "./manager.ts";
import { supervisor } from "./supervisor/supervisor.ts";
import { systemd } from "./systemd/systemd.ts";

/** Those of a machine in the order in which they are preferred. */
const managers: readonly ServiceManager[] = [systemd, supervisor];

/** @throws OperatorError for one that is not written yet. */
export function managerOf(name: ManagerName): ServiceManager {
  const manager = managers.find((known) => known.name === name);
  if (manager !== undefined) return manager;
  throw new OperatorError("usage", `--manager: ${name} is not supported yet`);
}

export interface Detected {
  /** The first that can be used; undefined when none can. */
  readonly manager: ServiceManager | undefined;
  /** The others that can be. */
  readonly others: readonly ServiceManager[];
  /** Of those that this platform has and that can't be used: why, and what cures it. */
  readonly missing: readonly string[];
}

export async function detectManager(machine: Machine): Promise<Detected> {
  const usable: ServiceManager[] = [];
  const missing: string[] = [];
  for (const manager of managers.filter(({ platform }) => platform === machine.platform)) {
    const fault = await manager.missing(machine);
    if (fault === undefined) usable.push(manager);
    else missing.push(`${manager.name}: ${fault}`);
  }
  const [manager, ...others] = usable;
  return { manager, others, missing };
}
