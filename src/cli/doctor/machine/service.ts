/** Whether the worker is a service here, runs, and is given the time that its drain may take. */
import type { Config } from "../../../config/settings/settings.ts";
import { defaultServiceName, stopMarginMs } from "../../../service/definition.ts";
import { thisMachine } from "../../../service/machine.ts";
import type { ServiceManager } from "../../../service/manager.ts";
import { detectManager } from "../../../service/managers.ts";
import { formatDuration } from "../../../task/time/duration.ts";
import { type Check, pass, skip, warn } from "../check.ts";

/** Of one that has another name only its own `service status` tells. */
export const serviceCheck: Check<Config> = {
  name: "service",
  async look(config) {
    const { manager, others, missing } = await detectManager(thisMachine, {});
    if (manager === undefined) return skip(`no service manager was found: ${missing.join("; ")}`);
    for (const each of [manager, ...others]) {
      const finding = await lookAt(each, config);
      if (finding !== undefined) return finding;
    }
    return warn(
      `${defaultServiceName} is no service of ${[manager, ...others].map(({ name }) => name).join(" or ")}: nothing starts it at boot`,
      "fiscaut-tasks service install",
    );
  },
};

/** @returns undefined when the manager has no such service. */
async function lookAt(manager: ServiceManager, { drainTimeoutMs }: Config) {
  const { state, detail } = await manager.status(defaultServiceName, thisMachine);
  if (state === "not installed") return undefined;
  const where = `${defaultServiceName} of ${manager.name}`;
  if (state !== "running" && state !== "starting")
    return warn(`${where} is ${state}: ${detail}`, "fiscaut-tasks service start");
  const stopMs = await manager.readStopTimeoutMs?.(defaultServiceName, thisMachine);
  const neededMs = drainTimeoutMs + stopMarginMs;
  if (stopMs !== undefined && stopMs < neededMs)
    return warn(
      `${where} is killed ${formatDuration(stopMs)} after a stop, and a drain may take ${formatDuration(neededMs)} with its end`,
      "fiscaut-tasks service install brings it up to date; or a shorter drain-timeout",
    );
  const given = stopMs === undefined || !Number.isFinite(stopMs) ? "" : `, ${formatDuration(stopMs)} to stop`;
  return pass(`${where} is ${state}${given}`);
}
