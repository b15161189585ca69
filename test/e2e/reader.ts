/** Somebody who does what is written, line by line, with the compiled executable. What is written is the walks' affair. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { chmod, copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { finished } from "../finished.ts";
import { until } from "../until.ts";
import { executable } from "./executable.ts";

export interface Started {
  /** Its log so far. */
  log(): string;
  /** The exit code. */
  readonly exited: Promise<number>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number>;
}

export interface Reader {
  readonly folder: string;
  /** Runs a line of the README to its end. @throws Error unless it ends with `exitCode`. */
  type(line: string, exitCode?: number): Promise<string>;
  /** Starts one that stays, and waits until its log matches. */
  start(line: string, ready: RegExp): Promise<Started>;
  /** @param mode the file's permissions. */
  save(path: string, text: string, mode?: number): void;
  leave(): Promise<void>;
}

/**
 * Somebody with the executable in a folder of their own, and with no setting but where the database is kept.
 * @param program the executable's name there.
 * @param env further variables, which may depend on the folder.
 */
export async function openReader(
  program = "fiscaut-tasks",
  env: (folder: string) => Record<string, string> = () => ({}),
): Promise<Reader> {
  const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-walk-"));
  await chmod(folder, 0o755); // where root runs the tests, Postgres runs as somebody else
  await copyFile(executable, join(folder, program));
  await chmod(join(folder, program), 0o755);
  const variables = {
    PATH: [folder, process.env["PATH"]].join(delimiter),
    HOME: folder,
    FISCAUT_TASKS_DATA_DIR: join(folder, "data"),
    FISCAUT_TASKS_PORT: "0",
    ...env(folder),
  };
  const started = new Set<Bun.Subprocess>();
  const spawn = (line: string) =>
    Bun.spawn(["sh", "-c", line], {
      cwd: folder,
      env: variables,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  return {
    folder,
    async type(line, exitCode = 0) {
      const ended = await finished(spawn(line));
      const printed = ended.stdout + ended.stderr;
      if (ended.exitCode !== exitCode) throw new Error(`${line}: exit ${ended.exitCode}\n${printed}`);
      return printed;
    },
    async start(line, ready) {
      const child = spawn(`exec ${line}`);
      started.add(child);
      let log = "";
      const reading = (async () => {
        for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) log += text;
      })();
      await until(() => {
        if (child.exitCode !== null) throw new Error(`${line} ended with ${child.exitCode}\n${log}`);
        return ready.test(log);
      }, 30_000);
      return {
        log: () => log,
        exited: child.exited,
        async stop() {
          child.kill("SIGTERM");
          await reading;
          return await child.exited;
        },
      };
    },
    save(path, text, mode = 0o644) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text, { mode });
    },
    async leave() {
      for (const child of started) {
        child.kill("SIGTERM");
        await child.exited;
      }
      rmSync(folder, { recursive: true });
    },
  };
}
