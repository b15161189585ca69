/**
 * The demo's child processes, on Linux and Windows: started apart from this machine's configuration, and stopped
 * the way an operator would. What they are for is left to `demo.ts`.
 */
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../build/paths.ts";

const READY_WITHIN_MS = 120_000;
const STOPPED_WITHIN_MS = 60_000;

/** This environment without what would point the executable at a real database or API, or change how Bun starts. */
export function cleanEnvironment(): Record<string, string | undefined> {
  const foreign = /^(DATABASE_URL|FISCAUT_|BUN_)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** `preferred` if it is free, else any port that is. */
export function choosePort(preferred: number): number {
  for (const port of [preferred, 0]) {
    try {
      const listener = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
      const chosen = listener.port;
      listener.stop(true);
      return chosen;
    } catch {
      // Taken: the next one.
    }
  }
  throw new Error("no free port on 127.0.0.1");
}

interface RunOptions {
  env: Record<string, string | undefined>;
  stdout: "inherit" | "pipe";
}

/** Runs a command to its end, its stderr on this terminal; ends it when `stopped` aborts, and throws. */
export async function runToEnd(
  command: string[],
  options: RunOptions,
  stopped: AbortSignal,
): Promise<{ exitCode: number; stdout: string }> {
  stopped.throwIfAborted();
  const child = Bun.spawn(command, { ...options, stdin: "ignore", stderr: "inherit", signal: stopped });
  const stdout = child.stdout === undefined ? "" : await new Response(child.stdout).text();
  const exitCode = await child.exited;
  stopped.throwIfAborted();
  return { exitCode, stdout };
}

export interface DemoWorker {
  /** Resolves when `url` answers 200. @throws when the worker ends before, or takes too long. */
  ready(url: string, stopped: AbortSignal): Promise<void>;
  /** Never resolves; rejects with the end of the log when the worker ends by itself. */
  died(): Promise<never>;
  /** Gracefully, by force after a minute. Harmless to repeat. @throws when the worker's exit code isn't 0. */
  stop(): Promise<void>;
}

export function startWorker(
  command: string[],
  logPath: string,
  env: Record<string, string | undefined>,
): DemoWorker {
  // A file, not a pipe: the Postgres that the worker starts keeps the handle.
  const log = openSync(logPath, "w");
  const child = Bun.spawn(command, {
    env,
    stdin: "ignore",
    stdout: log,
    stderr: log,
    // A group of its own, so that Ctrl+C reaches it once, by `stop`: a second signal would force it.
    detached: process.platform !== "win32",
  });
  closeSync(log);
  let stopping = false;

  const died = child.exited.then(async (exitCode): Promise<never> => {
    if (stopping) return await new Promise(() => {});
    const lines = (await Bun.file(logPath).text()).trim().split("\n").slice(-15);
    throw new Error(`the worker ended with exit code ${exitCode}:\n${lines.join("\n")}`);
  });
  died.catch(() => {}); // Told to whoever waits for it.

  return {
    died: () => died,
    ready: (url, stopped) => Promise.race([died, waitFor(url, stopped)]),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        stopping = true;
        askToStop(child);
        const timer = setTimeout(() => child.kill("SIGKILL"), STOPPED_WITHIN_MS);
        await child.exited;
        clearTimeout(timer);
      }
      if (child.exitCode !== 0)
        throw new Error(`the worker ended with exit code ${child.exitCode}, see ${logPath}`);
    },
  };
}

async function waitFor(url: string, stopped: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    stopped.throwIfAborted();
    const ready = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await Bun.sleep(100);
  }
  throw new Error(`${url} did not answer 200 within ${READY_WITHIN_MS / 1000} s`);
}

/** Windows has no SIGTERM; Ctrl+Break is what a program may be sent alone, here by a short-lived process. */
function askToStop(child: Bun.Subprocess): void {
  if (process.platform !== "win32") {
    child.kill("SIGTERM");
    return;
  }
  const raise = join(ROOT, "scripts", "windows", "console-event.ts");
  Bun.spawn([process.execPath, raise, "1", String(child.pid)], { stdio: ["ignore", "ignore", "ignore"] });
}
