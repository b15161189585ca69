/** The processes that a run starts: each is ended by it, by its own id, however the run ends. */
import { closeSync, openSync } from "node:fs";
import { instantMs } from "../measure/clock.mjs";

export interface Child {
  readonly pid: number;
  /** By `instantMs`. */
  readonly startedMs: number;
  /** Whether it runs no more. */
  readonly ended: boolean;
  /** SIGTERM, and SIGKILL after ten seconds. Harmless to repeat. */
  stop(): Promise<void>;
}

const killAfterMs = 10_000;
const running = new Set<Bun.Subprocess>();
/** Nothing of this machine's own settings. */
const baseEnv = { PATH: process.env["PATH"] ?? "", NODE_ENV: "production" };

/** Starts a process whose output goes into the file `log`, as a service's would. */
export function startChild(command: readonly string[], env: Record<string, string>, log: string): Child {
  const output = openSync(log, "a");
  const startedMs = instantMs();
  const child = Bun.spawn([...command], {
    env: { ...baseEnv, ...env },
    stdin: "ignore",
    stdout: output,
    stderr: output,
    // Ctrl+C reaches it by `stop` alone.
    detached: true,
  });
  closeSync(output);
  running.add(child);
  void child.exited.then(() => running.delete(child));
  return {
    pid: child.pid,
    startedMs,
    get ended() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    stop: () => stop(child),
  };
}

/**
 * Runs a process to its end and returns what it printed.
 * @param input a file for its standard input.
 * @throws with the end of its standard error when it fails or takes longer than `limitMs`.
 */
export async function runChild(
  command: readonly string[],
  env: Record<string, string>,
  limitMs: number,
  input?: string,
): Promise<string> {
  const child = Bun.spawn([...command], {
    env: { ...baseEnv, ...env },
    stdin: input === undefined ? "ignore" : Bun.file(input),
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  running.add(child);
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  clearTimeout(timer);
  running.delete(child);
  if (exitCode === 0) return stdout;
  const why = child.signalCode === "SIGKILL" ? `was given up after ${limitMs} ms` : `ended with ${exitCode}`;
  throw new Error(`${command.join(" ")} ${why}\n${stderr.slice(-2_000)}`);
}

/** For the end of the run, whatever has brought it. */
export async function stopAllChildren(): Promise<void> {
  await Promise.all([...running].map(stop));
}

async function stop(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  await child.exited;
  clearTimeout(timer);
}
