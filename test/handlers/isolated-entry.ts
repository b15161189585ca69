/** What `main.ts isolated-handler` does, without all other commands, which take half a second to be read from source. */
import { runIsolatedHandler } from "../../src/cli/worker/isolated-handler.ts";

process.exit(await runIsolatedHandler());
