/**
 * `bun run test:pgbouncer`: a worker behind PgBouncer in transaction mode, which the machine need not have. Needs root on
 * Debian; what it needs is laid by `pgbouncer-root.ts`.
 */
import { finish, runSteps, runTests, say } from "../steps.ts";
import { layPgbouncerRoot } from "./pgbouncer-root.ts";

say("== pgbouncer");
try {
  say(`== pgbouncer: in ${await layPgbouncerRoot((line) => say(`   ${line}`))}`);
} catch (error) {
  finish(0, 1, error instanceof Error ? error.message : String(error));
}
await runSteps({ build: [process.execPath, "scripts/build.ts", "--target", "host"] });
// Named with ./: so it is a file to run, not a filter within bunfig's test root, which leaves it out.
await runTests("./scripts/pgbouncer/transaction-mode.test.ts");
