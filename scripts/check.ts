/** The one gate, `bun run check`: format and lint, types, layer rule, build for this machine, tests. */
import { runSteps, runTests } from "./steps.ts";

const bin = (name: string) => `node_modules/.bin/${name}`;
const bun = process.execPath;

await runSteps({
  "format and lint": [
    bin("biome"),
    "check",
    "--error-on-warnings",
    "--config-path=scripts/check/format-and-lint.json",
    ...["src", "scripts", "test", "package.json", "tsconfig.json"],
  ],
  // Tools written for Node run under Bun, so that the machine's Node may be of any age.
  types: [bun, "--bun", bin("tsc"), "--project", "tsconfig.json"],
  "layer rule": [bun, "--bun", bin("depcruise"), "--config", "scripts/check/layers.cjs", "src"],
  build: [bun, "scripts/build.ts", "--target", "host"],
});
await runTests();
