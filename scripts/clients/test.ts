/**
 * `bun run test:clients`: runs the README's examples of the SQL door with psql and Python, which the machine need not
 * have. Needs root on Debian; what they need is laid by `clients-root.ts`.
 */
import { finish, runSteps, runTests, say } from "../steps.ts";
import { layClientsRoot } from "./clients-root.ts";

say("== clients");
try {
  say(`== clients: in ${await layClientsRoot((line) => say(`   ${line}`))}`);
} catch (error) {
  finish(0, 1, error instanceof Error ? error.message : String(error));
}
await runSteps({ build: [process.execPath, "scripts/build.ts", "--target", "host"] });
// Named with ./: so it is a file to run, not a filter within bunfig's test root, which leaves it out.
await runTests("./scripts/clients/sql-door.test.ts");
