// `bun run test:windows`: builds the Windows executable and tests it under Wine. Its last line is `N passed, N failed`.
// Needs root on Debian; what Wine needs is laid by `wine-root.ts`, the tests are the `*.test.ts` files beside.
import { join } from "node:path";
import { layWineRoot } from "./wine-root.ts";

const ROOT = join(import.meta.dir, "../..");
const bun = process.execPath;

try {
  await step("Wine", async () => `in ${await layWineRoot((line) => say(`   ${line}`))}`);
  // The Linux target is for the Postgres that the tests use as one of the operator's own.
  await run("build", [bun, "scripts/build.ts", "--target", "windows-x64", "--target", "linux-x64"]);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  finish(0, 1);
}

// Named with ./: so they are files to run, not a filter within bunfig's test root, which leaves them out.
const tests = ["commands", "embedded-database", "external-database"].map(
  (name) => `./scripts/windows/${name}.test.ts`,
);
const { code, errors } = await run("tests", [bun, "test", "--timeout", "60000", ...tests], { mayFail: true });
const count = (word: string) =>
  Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(Bun.stripANSI(errors))?.[1] ?? 0);
const passed = count("pass");
// A run that died before its summary has failed, whatever it counted.
finish(passed, code === 0 && passed > 0 ? 0 : Math.max(1, count("fail")));

function finish(passedCount: number, failedCount: number): never {
  say(`${passedCount} passed, ${failedCount} failed`);
  process.exit(failedCount === 0 ? 0 : 1);
}

async function step(name: string, work: () => Promise<string>): Promise<void> {
  say(`== ${name}`);
  const startedAtMs = performance.now();
  const outcome = await work();
  say(`== ${name}: ${outcome} (${Math.round((performance.now() - startedAtMs) / 1000)} s)`);
}

/** Runs a command of the repository, shows all that it prints, and gives what went to stderr. */
async function run(
  name: string,
  command: string[],
  { mayFail = false } = {},
): Promise<{ code: number; errors: string }> {
  let errors = "";
  let code = 0;
  await step(name, async () => {
    const child = Bun.spawn(command, { cwd: ROOT, stdin: "ignore", stdout: "inherit", stderr: "pipe" });
    const decoder = new TextDecoder();
    for await (const bytes of child.stderr) {
      process.stderr.write(bytes);
      errors += decoder.decode(bytes, { stream: true });
    }
    code = await child.exited;
    if (code !== 0 && !mayFail) throw new Error(`${name} ended with ${code}`);
    return code === 0 ? "ok" : "FAILED";
  });
  return { code, errors };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
