/** `bun run test:empty-root`: the Linux executable in a root that holds nothing else. Needs root, for chroot. */
import { finish, runSteps, runTests } from "../steps.ts";

if (process.getuid?.() !== 0) finish(0, 1, "the empty root is entered by chroot: run as root");
await runSteps({ build: [process.execPath, "scripts/build.ts", "--target", "host"] });
// Named with ./: so it is a file to run, not a filter within bunfig's test root, which leaves it out.
await runTests("./scripts/linux/empty-root.test.ts");
