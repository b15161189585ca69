/**
 * `bun run test:service`: the executable as a service of a real systemd and of a real Supervisor. Needs root on Debian; the
 * machine that they run on is made by `service-bed.ts`.
 */
import { finish, runSteps, runTests, say } from "../steps.ts";
import { layServiceRoot } from "./service-root.ts";

say("== service");
try {
  say(`== service: over ${await layServiceRoot((line) => say(`   ${line}`))}`);
} catch (error) {
  finish(0, 1, error instanceof Error ? error.message : String(error));
}
await runSteps({ build: [process.execPath, "scripts/build.ts", "--target", "host"] });
// Named with ./: so they are files to run, not filters within bunfig's test root, which leaves them out.
await runTests(
  "./scripts/service/systemd.test.ts",
  "./scripts/service/supervisor.test.ts",
  "./scripts/service/guide.test.ts",
  "./scripts/service/values.test.ts",
);
