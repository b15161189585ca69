/** The server behind the database: its version, and whether tasks can be stored in it. */
import { oldestServer } from "../../../store/migration/migrate.ts";
import { fail, pass } from "../check.ts";
import { databaseCheck } from "./opened.ts";

export const serverCheck = databaseCheck("database", ({ description, server }) => {
  const { version, major, standby, readOnly, roundTripMs } = server;
  if (major < oldestServer)
    return fail(`Postgres ${version} is too old`, `use Postgres ${oldestServer} or newer`);
  if (standby)
    return fail(`${description} is a standby, which stores nothing`, "name the primary in DATABASE_URL");
  if (readOnly)
    return fail(
      `${description} is read-only for this user`,
      "alter role or database: set default_transaction_read_only = off",
    );
  return pass(`Postgres ${version} ${description}, answers in ${roundTripMs.toFixed(1)} ms`);
});
