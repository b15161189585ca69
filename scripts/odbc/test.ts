/**
 * `bun run test:odbc`: reads over ODBC with the drivers of PostgreSQL and SQLite, which the machine need not have. Needs
 * root on Debian; what they need is laid by `odbc-root.ts`.
 */
import { finish, runSteps, runTests, say } from "../steps.ts";
import { layOdbcRoot } from "./odbc-root.ts";

say("== odbc");
try {
  say(`== odbc: in ${await layOdbcRoot((line) => say(`   ${line}`))}`);
} catch (error) {
  finish(0, 1, error instanceof Error ? error.message : String(error));
}
await runSteps({ build: [process.execPath, "scripts/build.ts", "--target", "host"] });
// Named with ./: so they are files to run, not filters within bunfig's test root, which leaves them out.
await runTests("./scripts/odbc/records.test.ts", "./scripts/odbc/faults.test.ts");
