/** Which manager a `service` command talks to: the one that `--manager` names, else the first that this machine has. */
import { type Machine, thisMachine } from "../../service/machine.ts";
import { managerNames, type ServiceManager } from "../../service/manager.ts";
import { detectManager, type ManagerOptions, managerOf } from "../../service/managers.ts";
import { OperatorError } from "../../task/errors.ts";

export type Need = "nothing" | "platform" | "manager";

export interface Chosen {
  manager: ServiceManager;
  /** What was found, in words, when nobody named one. */
  because: string | undefined;
}

/**
 * @param need what has to be here: nothing of one that is only printed, its platform of one that is only told.
 * @throws OperatorError when the one that is named, or any, is missing.
 */
export async function chooseManager(
  named: string | undefined,
  { need, machine = thisMachine, ...options }: { need: Need; machine?: Machine } & ManagerOptions,
): Promise<Chosen> {
  if (named !== undefined) {
    const manager = managerOf(readName(named), options);
    if (need === "nothing") return { manager, because: undefined };
    if (manager.platform !== machine.platform)
      throw new OperatorError(
        "usage",
        `--manager ${named} is for ${manager.platform === "win32" ? "Windows" : "Linux"}`,
        {
          hint: `service print --manager ${named}`,
        },
      );
    if (need === "platform") return { manager, because: undefined };
    const fault = await manager.missing(machine);
    if (fault !== undefined) throw new OperatorError("failed", fault, { hint: manager.cure });
    return { manager, because: undefined };
  }
  const { manager, others, missing } = await detectManager(machine, options);
  if (manager === undefined)
    throw new OperatorError("failed", `no service manager was found: ${missing.join("; ")}`, {
      hint: `service print --manager ${managerNames.join("|")}`,
    });
  const rest =
    others.length === 0 ? "" : `; also here: ${others.map(({ name }) => name).join(", ")} (--manager)`;
  return { manager, because: `${manager.name} was found${rest}` };
}

function readName(named: string): ServiceManager["name"] {
  const name = managerNames.find((known) => known === named);
  if (name !== undefined) return name;
  throw new OperatorError("usage", `--manager: there is no manager "${named}"`, {
    hint: `one of ${managerNames.join(", ")}`,
  });
}
