/** Whether the user may do what a worker does: it makes and drops partitions, so it must own the tables. */
import { readPrivileges } from "../../../store/inspect/read-privileges.ts";
import { fail, pass } from "../check.ts";
import { databaseCheck } from "./opened.ts";

export const privilegesCheck = databaseCheck("privileges", async ({ store }) => {
  const { user, schemaExists, mayCreate, foreignTables, owner } = await readPrivileges(store);
  if (!schemaExists && !mayCreate)
    return fail(
      `${user} may not make the schema fiscaut_tasks`,
      `grant create on database NAME to ${user}, or migrate as another user`,
    );
  if (foreignTables.length > 0)
    return fail(
      `${user} does not own ${foreignTables[0]}${foreignTables.length > 1 ? ` and ${foreignTables.length - 1} other tables` : ""}`,
      `connect as ${owner}, or: grant ${owner} to ${user}`,
    );
  if (!mayCreate)
    return fail(
      `${user} may not make tables in the schema fiscaut_tasks`,
      `grant usage, create on schema fiscaut_tasks to ${user}`,
    );
  return pass(schemaExists ? `${user} owns the tables` : `${user} may make the schema`);
});
