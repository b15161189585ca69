/** The README's walk through handlers of one's own, as its reader would do it: its files, its commands, its folder. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { chmod, copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { until } from "../until.ts";
import { executable } from "./executable.ts";

export interface Walk {
  /** Of the README's files, by their path in the reader's folder. */
  readonly files: ReadonlyMap<string, string>;
  /** The README's command lines, in their order. */
  readonly commands: readonly string[];
}

/** A block whose comment names a path in `handlers/` is that file; all other lines of `sh` blocks are commands. */
export async function readWalk(): Promise<Walk> {
  const readme = await Bun.file(resolve(import.meta.dir, "../../README.md")).text();
  const section = /^## Handlers of your own\n(.*?)^## /ms.exec(readme)?.[1] ?? "";
  const files = new Map<string, string>();
  const commands: string[] = [];
  for (const [, language, text = ""] of section.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    const path = /^(?:#!.*\n)?(?:\/\/|#) (handlers\/\S+)$/m.exec(text)?.[1];
    if (path !== undefined) files.set(path, text);
    else if (language === "sh") commands.push(...text.trim().split("\n"));
  }
  return { files, commands };
}

export interface Started {
  /** Its log so far. */
  log(): string;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number>;
}

export interface Reader {
  readonly folder: string;
  /** Runs a line of the README to its end. @throws Error unless it ends with `exitCode`. */
  type(line: string, exitCode?: number): Promise<string>;
  /** Starts one that stays, and waits until its log matches. */
  start(line: string, ready: RegExp): Promise<Started>;
  save(path: string, text: string): void;
  leave(): Promise<void>;
}

/** Somebody with the executable in a folder of their own, and with no setting but where the database is kept. */
export async function openReader(): Promise<Reader> {
  const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-walk-"));
  await chmod(folder, 0o755); // where root runs the tests, Postgres runs as somebody else
  const program = join(folder, "fiscaut-tasks");
  await copyFile(executable, program);
  await chmod(program, 0o755);
  const env = {
    PATH: [folder, process.env["PATH"]].join(delimiter),
    HOME: folder,
    FISCAUT_TASKS_DATA_DIR: join(folder, "data"),
    FISCAUT_TASKS_PORT: "0",
  };
  const started = new Set<Bun.Subprocess>();
  const spawn = (line: string) =>
    Bun.spawn(["sh", "-c", line], { cwd: folder, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  return {
    folder,
    async type(line, exitCode = 0) {
      const child = spawn(line);
      const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      if (code !== exitCode) throw new Error(`${line}: exit ${code}\n${out}${err}`);
      return out + err;
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
        async stop() {
          child.kill("SIGTERM");
          await reading;
          return await child.exited;
        },
      };
    },
    save: (path, text) => writeFileSync(join(folder, path), text),
    async leave() {
      for (const child of started) {
        child.kill("SIGTERM");
        await child.exited;
      }
      rmSync(folder, { recursive: true });
    },
  };
}
