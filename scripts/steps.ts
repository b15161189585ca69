/**
 * Steps of a gate: each says what it does, shows all that its command prints, and how long it took. A gate ends with
 * the plain line `N passed, N failed`. Which steps there are is the gate's affair.
 */
import { resolve } from "node:path";

const root = resolve(import.meta.dir, "..");

export interface Result {
  ok: boolean;
  /** What the command wrote to stderr, which was shown too. */
  stderr: string;
}

/** Runs a command of the repository. */
export async function runStep(name: string, command: string[]): Promise<Result> {
  say(`\n== ${name}`);
  const startedAtMs = performance.now();
  const child = Bun.spawn(command, { cwd: root, stdin: "ignore", stdout: "inherit", stderr: "pipe" });
  const decoder = new TextDecoder();
  let stderr = "";
  for await (const chunk of child.stderr) {
    process.stderr.write(chunk);
    stderr += decoder.decode(chunk, { stream: true });
  }
  const ok = (await child.exited) === 0;
  say(`== ${name}: ${ok ? "ok" : "FAILED"} in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
  return { ok, stderr };
}

/** Runs steps that must all succeed before anything is tested; the first that fails ends the process. */
export async function runSteps(steps: Record<string, string[]>): Promise<void> {
  for (const [name, command] of Object.entries(steps)) {
    const { ok } = await runStep(name, command);
    if (!ok) finish(0, 1, `the tests were not run, because "${name}" failed`);
  }
}

/** Runs `bun test` with the given words and ends the process with its count. */
export async function runTests(...words: string[]): Promise<never> {
  const { ok, stderr } = await runStep("tests", [process.execPath, "test", "--timeout", "60000", ...words]);
  const printed = Bun.stripANSI(stderr);
  const count = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(printed)?.[1] ?? 0);
  const passed = count("pass");
  // A run that died before its summary has failed, whatever it counted.
  return finish(passed, ok && passed > 0 ? 0 : Math.max(1, count("fail")));
}

export function finish(passed: number, failed: number, why?: string): never {
  if (why !== undefined) say(why);
  say(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
