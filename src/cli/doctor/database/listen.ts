/** Whether a waiting worker is woken, tried by notifying ourselves. */
import { formatDuration } from "../../../config/units.ts";
import { hearOurselves } from "../../../store/inspect/hear-ourselves.ts";
import { pass, warn } from "../check.ts";
import { databaseCheck } from "./opened.ts";

const limitMs = 3_000;

export const listenCheck = databaseCheck("listen", async ({ url, config }) => {
  const tookMs = await hearOurselves(url, limitMs);
  if (tookMs !== undefined) return pass(`a notification arrives in ${tookMs.toFixed(1)} ms`);
  return warn(
    `no notification arrives: polling alone starts tasks, within ${formatDuration(config.pollIntervalMs)}`,
    "a PgBouncer in transaction mode? Name the server itself in DATABASE_URL, or shorten poll-interval",
  );
});
