/** Makes the schedules of this worker's configuration file those of the database, before the worker starts. */
import { hostname } from "node:os";
import { checkBuiltInPayloads } from "../../handlers/built-in.ts";
import type { Logger } from "../../log/logger.ts";
import type { Store } from "../../store/connection.ts";
import { syncFileSchedules } from "../../store/schedule/schedules.ts";
import type { CheckedSchedule } from "../../task/doors/schedule.ts";
import { OperatorError } from "../../task/errors.ts";

/** @throws OperatorError "config" when a payload is not its handler's. */
export async function takeSchedules(
  store: Store,
  file: string,
  schedules: readonly CheckedSchedule[],
  logger: Logger,
): Promise<void> {
  for (const { name, task } of schedules) {
    try {
      await checkBuiltInPayloads([task]);
    } catch (error) {
      throw new OperatorError("config", `${file}:schedule.${name}: ${(error as Error).message}`);
    }
  }
  // Another machine may have a file of its own at the same path.
  const { removed } = await syncFileSchedules(store, `${hostname()}:${file}`, [...schedules]);
  for (const schedule of removed)
    logger.warn("schedule removed: the file defines it no more", { schedule, file });
}
