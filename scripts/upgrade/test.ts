/** `bun run test:upgrade`: workers of the previous commit and of this one, side by side and one after the other. */
import { finish, runSteps, runTests, say } from "../steps.ts";
import { buildPrevious, hasPrevious } from "./previous-executable.ts";

say("== the previous commit's executable");
if (!hasPrevious())
  finish(0, 0, "this clone holds no commit before this one: there is nothing to upgrade from");
try {
  say(`== ${(await buildPrevious((step) => say(`   ${step}`))).path}`);
} catch (error) {
  finish(0, 1, error instanceof Error ? error.message : String(error));
}
await runSteps({ build: [process.execPath, "scripts/build.ts", "--target", "host"] });
// Named with ./: so it is a file to run, not a filter within bunfig's test root, which leaves it out.
await runTests("./scripts/upgrade/rolling.test.ts");
