/** The executable's entry. Everything else starts in `cli/main.ts`. */
import { main } from "./cli/main.ts";

const exitCode = await main(process.argv.slice(2));
// A pipe's reader gets everything before the process ends; timers that are left must not hold it.
await new Promise((resolve) => process.stdout.write("", resolve));
process.exit(exitCode);
