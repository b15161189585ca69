/** What the child processes of handlers inherit of the worker's environment: all but what is not theirs to see or to obey. */
import { secretVariables } from "../../config/settings/settings.ts";

/** They would turn the executable of an isolated handler into another program. */
const ofBun = ["BUN_OPTIONS", "BUN_BE_BUN"];

/** With them a child could speak to systemd for the worker. */
export const ofSystemd = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

export function childEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const left = new Set([...secretVariables, ...ofBun, ...ofSystemd]);
  const inherited: Record<string, string> = {};
  // On Windows the case of a name does not matter.
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !left.has(name.toUpperCase())) inherited[name] = value;
  return inherited;
}
