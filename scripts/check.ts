/**
 * The one gate: format and lint, types, layer rule, build for this machine, tests. The first that fails ends it;
 * its last line is `N passed, N failed`, counting the tests.
 */

const bin = (name: string) => `node_modules/.bin/${name}`;
const bun = process.execPath;

/** Tools written for Node run under Bun, so that the machine's Node may be of any age. */
const steps = {
  "format and lint": [
    bin("biome"),
    "check",
    "--error-on-warnings",
    "--config-path=scripts/check/format-and-lint.json",
    ...["src", "scripts", "test", "package.json", "tsconfig.json"],
  ],
  types: [bun, "--bun", bin("tsc"), "--project", "tsconfig.json"],
  "layer rule": [bun, "--bun", bin("depcruise"), "--config", "scripts/check/layers.cjs", "src"],
  build: [bun, "scripts/build.ts", "--target", "host"],
};

/** @returns what the step wrote to stderr, which it also shows. */
async function run(name: string, command: string[]): Promise<{ ok: boolean; stderr: string }> {
  process.stdout.write(`\n== ${name}\n`);
  const startedAtMs = performance.now();
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "inherit", stderr: "pipe" });
  const decoder = new TextDecoder();
  let stderr = "";
  for await (const chunk of child.stderr) {
    process.stderr.write(chunk);
    stderr += decoder.decode(chunk, { stream: true });
  }
  const ok = (await child.exited) === 0;
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  process.stdout.write(`== ${name}: ${ok ? "ok" : "FAILED"} in ${seconds} s\n`);
  return { ok, stderr };
}

for (const [name, command] of Object.entries(steps)) {
  const { ok } = await run(name, command);
  if (!ok) {
    process.stdout.write(`the tests were not run, because "${name}" failed\n0 passed, 1 failed\n`);
    process.exit(1);
  }
}
const tests = await run("tests", [bun, "test", "--timeout", "60000"]);
const count = (word: string) =>
  Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(Bun.stripANSI(tests.stderr))?.[1] ?? 0);
const passed = count("pass");
// A run that died before its summary has failed, whatever it counted.
const failed = tests.ok && passed > 0 ? count("fail") : Math.max(1, count("fail"));
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

export {};
