/** Lets a worker start while its database can't be reached: tries again, and says so now and then. */
import type { Logger } from "../../log/logger.ts";
import { isUnavailable } from "../../store/connection.ts";
import { messageOf } from "../../task/thrown.ts";
import type { Database } from "../database.ts";

export interface AwaitDatabaseOptions {
  database: Pick<Database, "description" | "explain">;
  logger: Logger;
  /** Where `/health` says meanwhile what is wrong. */
  http: string;
  /** Told why, whenever it is logged. */
  onWait: (why: string) => void;
  /** Settles when the worker is to stop: nothing is waited for any more. */
  stopped: Promise<unknown>;
}

const firstRetryMs = 250;
const lastRetryMs = 5_000;
const tellAgainMs = 60_000;

/**
 * Runs `start` until the database does what it asks.
 * @throws whatever else stands in the way, such as a password that is refused: waiting would not change it.
 */
export async function awaitDatabase(
  start: () => Promise<void>,
  { database, logger, http, onWait, stopped }: AwaitDatabaseOptions,
): Promise<void> {
  const startedMs = performance.now();
  let toldMs = Number.NEGATIVE_INFINITY;
  let isStopped = false;
  stopped.then(
    () => {
      isStopped = true;
    },
    () => {},
  );
  for (let retryMs = firstRetryMs; !isStopped; retryMs = Math.min(retryMs * 2, lastRetryMs)) {
    try {
      await Promise.race([start(), stopped]);
      break;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (performance.now() - toldMs >= tellAgainMs) {
        toldMs = performance.now();
        const told = database.explain(error);
        const message = messageOf(told);
        onWait(message);
        logger.warn(`${message}: waiting for it`, { http, waitedMs: Math.round(toldMs - startedMs) });
      }
      await Promise.race([Bun.sleep(retryMs), stopped]);
    }
  }
  if (toldMs > 0 && !isStopped)
    logger.info("the database can be reached", { waitedMs: Math.round(performance.now() - startedMs) });
}
