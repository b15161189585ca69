/** The compiled executable as its users meet it: words in, exit code and output back, or a worker that runs. */
import { mkdtempSync, rmSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { hostTarget } from "../../scripts/build/targets.ts";
import { type Finished, finished } from "../finished.ts";
import { until } from "../until.ts";

export const executable = resolve("dist", hostTarget().executable);

/** Nothing of this machine's own settings; a home and a current folder that are empty. */
const emptyFolder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-e2e-"));
process.on("exit", () => rmSync(emptyFolder, { recursive: true, force: true }));
const baseEnv = { PATH: process.env["PATH"] ?? "", HOME: emptyFolder, TMPDIR: tmpdir() };

export type Env = Record<string, string>;

/** Runs a command to its end. @param stdin a text comes by a pipe. */
export async function execute(
  words: string[],
  env: Env = {},
  stdin?: string | Bun.BunFile,
  program = executable,
): Promise<Finished> {
  const child = Bun.spawn([program, ...words], {
    cwd: emptyFolder,
    env: { ...baseEnv, ...env },
    stdin: typeof stdin === "string" ? "pipe" : (stdin ?? "ignore"),
    stdout: "pipe",
    stderr: "pipe",
  });
  if (typeof stdin === "string") {
    // A text that is given as such comes by a file in memory.
    const pipe = child.stdin as Bun.FileSink;
    pipe.write(stdin);
    Promise.resolve(pipe.end()).catch(() => {}); // it may have ended without reading
  }
  return await finished(child);
}

/** Like `execute`, for commands that must succeed; returns their `--json`. */
export async function executeJson<Result>(words: string[], env: Env = {}, stdin?: string): Promise<Result> {
  const { exitCode, stdout, stderr } = await execute([...words, "--json"], env, stdin);
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: exit ${exitCode}\n${stderr}`);
  return JSON.parse(stdout) as Result;
}

export interface RunningWorker {
  /** Of its HTTP server. */
  url: string;
  pid: number;
  /** Its log so far, one JSON object a line. */
  lines: Record<string, unknown>[];
  exited: Promise<number>;
  signal(name: NodeJS.Signals): void;
  /** Waits for a line whose message starts so. */
  line(message: string): Promise<Record<string, unknown>>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number>;
}

const running = new Set<{ kill(signal: NodeJS.Signals): void; exited: Promise<number> }>();

/** Starts `run` on a free port and waits until it says that it is running. */
export async function startRun(flags: string[], env: Env = {}, program = executable): Promise<RunningWorker> {
  const child = Bun.spawn(
    [program, "run", "--port", "0", "--log-format", "json", "--log-level", "debug", ...flags],
    {
      cwd: emptyFolder,
      env: { ...baseEnv, ...env },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    },
  );
  running.add(child);
  child.exited.then(() => running.delete(child));
  const lines: Record<string, unknown>[] = [];
  const reading = readLines(child.stderr, lines);
  const find = (message: string) => lines.find((line) => String(line["message"]).startsWith(message));
  const line = async (message: string) => {
    await until(() => {
      if (find(message) !== undefined) return true;
      if (child.exitCode !== null)
        throw new Error(`run ended with ${child.exitCode}: ${JSON.stringify(lines.slice(-5))}`);
      return false;
    }, 30_000);
    return find(message) ?? {};
  };
  const started = await line("fiscaut-tasks ");
  const exited = child.exited.then(async (code) => {
    await reading;
    return code;
  });
  return {
    url: String(started["http"]),
    pid: child.pid,
    lines,
    exited,
    signal: (name) => child.kill(name),
    line,
    stop() {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

async function readLines(
  stream: ReadableStream<Uint8Array>,
  lines: Record<string, unknown>[],
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    // What is no JSON is an error's last words.
    for (const part of parts) lines.push(part.startsWith("{") ? JSON.parse(part) : { message: part });
  }
}

/** For afterAll: ends what a failed test has left running, by its own id. */
export async function endLeftovers(): Promise<void> {
  for (const child of [...running]) {
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await child.exited;
    clearTimeout(timer);
  }
}

/** A folder for an embedded Postgres, which root's worker runs as somebody else: it must be able to enter. */
export async function makeFolder(): Promise<{ path: string; remove(): void }> {
  const path = mkdtempSync(join(tmpdir(), "fiscaut-tasks-e2e-"));
  await chmod(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
