/** The executable's entry. Everything else starts in `cli/main.ts`. */
import { main } from "./cli/main.ts";

// Timers that are left must not hold the process.
process.exit(await main(process.argv.slice(2)));
