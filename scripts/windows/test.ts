/**
 * `bun run test:windows`: builds the Windows executable and tests it under Wine. Its last line is `N passed, N failed`.
 * Needs root on Debian; what Wine needs is laid by `wine-root.ts`, the tests are the `*.test.ts` files beside.
 */
import { finish, runSteps, runTests, say } from "../steps.ts";
import { layWineRoot } from "./wine-root.ts";

say("== Wine");
try {
  say(`== Wine: in ${await layWineRoot((line) => say(`   ${line}`))}`);
} catch (error) {
  finish(0, 1, error instanceof Error ? error.message : String(error));
}
await runSteps({
  // The Linux target is for the Postgres that the tests use as one of the operator's own.
  build: [process.execPath, "scripts/build.ts", "--target", "windows-x64", "--target", "linux-x64"],
});
// Named with ./: so they are files to run, not a filter within bunfig's test root, which leaves them out.
await runTests(
  // Of a test; each of its waits has a shorter limit, and tells what was waited for (`wine-process.ts`).
  ...["--timeout", "900000"],
  "./scripts/windows/commands.test.ts",
  "./scripts/windows/embedded-database.test.ts",
  "./scripts/windows/external-database.test.ts",
  "./scripts/windows/own-handlers.test.ts",
  "./scripts/windows/own-processes.test.ts",
  "./scripts/windows/odbc.test.ts",
  "./scripts/windows/service.test.ts",
  "./scripts/windows/service-scripts.test.ts",
  "./scripts/windows/guide.test.ts",
);
