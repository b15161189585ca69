/** Whether dead rows are removed by themselves. */
import { readAutovacuum } from "../../../store/inspect/read-autovacuum.ts";
import { formatDuration } from "../../../task/time/duration.ts";
import { fail, pass, warn } from "../check.ts";
import { databaseCheck } from "./opened.ts";

/** Claims stay fast while the table is vacuumed about as often as it turns over. */
const naptimeBorderMs = 60_000;
/** Vacuum comes at some thousand. */
const deadRowsBorder = 200_000;

export const autovacuumCheck = databaseCheck("autovacuum", async ({ store }) => {
  const { on, onTable, naptimeMs, deadRows, lastAt } = await readAutovacuum(store);
  if (!on)
    return fail("it is off: dead rows pile up and claims slow down", "autovacuum = on and track_counts = on");
  if (!onTable)
    return fail(
      "it is switched off for the table of tasks",
      "alter table fiscaut_tasks.task reset (autovacuum_enabled)",
    );
  const last = lastAt === null ? "" : `, last vacuum ${lastAt}`;
  if (deadRows !== null && deadRows > deadRowsBorder)
    return warn(
      `${deadRows} dead rows in the table of tasks${last}`,
      "vacuum fiscaut_tasks.task; see what holds vacuum back, and raise autovacuum_max_workers",
    );
  if (naptimeMs > naptimeBorderMs)
    return warn(`it looks only every ${formatDuration(naptimeMs)}`, "autovacuum_naptime = 10s");
  return pass(
    `on, looks every ${formatDuration(naptimeMs)}${deadRows === null ? "" : `, ${deadRows} dead rows`}${last}`,
  );
});
