/** What managers need of the machine that they are on: running programs and looking at files. Changing it is `apply.ts`'s affair. */
import { existsSync, readFileSync } from "node:fs";

export type Platform = "linux" | "win32";

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Tests make one up. */
export interface Machine {
  readonly platform: Platform;
  /** Root or an elevated administrator. */
  readonly isPrivileged: boolean;
  /** @throws when there is no such program. A code other than 0 is no error. */
  run(argv: readonly string[], input?: string): Promise<Ran>;
  /** Where PATH has the program; undefined when it has not. */
  find(program: string): string | undefined;
  exists(path: string): boolean;
  /** undefined when there is none, or it may not be read. */
  read(path: string): string | undefined;
}

export const thisMachine: Machine = {
  platform: process.platform === "win32" ? "win32" : "linux",
  // On Windows only trying tells.
  isPrivileged: process.getuid === undefined || process.getuid() === 0,
  async run(argv, input) {
    const child = Bun.spawn([...argv], {
      stdin: input === undefined ? "ignore" : Buffer.from(input),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { exitCode: await child.exited, stdout, stderr };
  },
  find: (program) => Bun.which(program) ?? undefined,
  exists: existsSync,
  read(path) {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  },
};
