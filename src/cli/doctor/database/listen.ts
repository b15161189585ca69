/** Whether a waiting worker is woken, tried by notifying ourselves. */
import { hearOurselves } from "../../../store/inspect/hear-ourselves.ts";
import { formatDuration } from "../../../task/time/duration.ts";
import { pass, warn } from "../check.ts";
import { databaseCheck } from "./opened.ts";

const limitMs = 3_000;

export const listenCheck = databaseCheck("listen", async ({ store, config }) => {
  const tookMs = await hearOurselves(store, limitMs);
  if (tookMs !== undefined) return pass(`a notification arrives in ${tookMs.toFixed(1)} ms`);
  return warn(
    `no notification arrives: polling alone starts tasks, within ${formatDuration(config.pollIntervalMs)}`,
    "a PgBouncer in transaction mode? Name the server itself in DATABASE_URL, or shorten poll-interval",
  );
});
