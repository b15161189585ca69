/** Whether the schema is this executable's. */
import { readMigrationStatus } from "../../../store/migration/migrate.ts";
import { pass, warn } from "../check.ts";
import { databaseCheck } from "./opened.ts";

/** One that is newer, or other, than this executable's is told by the reading itself. */
export const schemaCheck = databaseCheck("schema", async ({ store }) => {
  const { applied, pending } = await readMigrationStatus(store);
  const at = applied.at(-1)?.name ?? "nothing";
  if (pending.length === 0) return pass(`at ${at}, nothing is pending`);
  const names = pending.map(({ name }) => name).join(", ");
  return warn(`at ${at}, pending: ${names}`, "fiscaut-tasks migrate; a worker does so when it starts");
});
