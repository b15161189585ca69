/**
 * Runs Windows programs under Wine for the tests: each `Wine` has a fresh C: drive, and every program ends with it.
 * It leaves where Wine comes from to `wine-root.ts`.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { enterRoot } from "../debian/root.ts";
import { WineProcess } from "./wine-process.ts";

const WINE = "/usr/lib/wine/wine64";
const WINESERVER = "/usr/lib/wine/wineserver";

type StartOptions = {
  /** All that the program is given beside Windows' own variables; nothing of this process is inherited. */
  env?: Record<string, string>;
  /** Runs in a console of its own, so that `type("\x03")` is a person's Ctrl+C. */
  terminal?: boolean;
  /** The folder that it starts in, `C:\...`; by default the root's own, `Z:\`. */
  cwd?: string;
};

/** Wine with a C: drive of its own. Close it with `await using` or `[Symbol.asyncDispose]()`. */
export class Wine implements AsyncDisposable {
  readonly #root: string;
  readonly #prefix: string;
  readonly #started: WineProcess[] = [];

  private constructor(root: string) {
    this.#root = root;
    this.#prefix = mkdtempSync(join(root, "root", "wine-"));
  }

  /**
   * Makes the fresh drive, and keeps Windows' services running on it, as on every Windows: else Wine ends them seconds
   * after the last program, and starts them anew with the next, which then takes four times as long.
   */
  static async open(root: string): Promise<Wine> {
    const wine = new Wine(root);
    try {
      const boot = await wine.run("wineboot", ["--init"]);
      if ((await boot.exited) !== 0) throw new Error(`wineboot failed\n${boot.describe()}`);
      // Its service manager lasts some seconds more, and the next program would start another beside it.
      await wine.#server("--wait");
      const keeper = wine.start("cmd", ["/c", "echo kept & pause"], { terminal: true });
      await keeper.waitForOutput(/kept/);
      return wine;
    } catch (error) {
      await wine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where Linux sees a path of the C: drive: `C:\a b\c`, in the same upper and lower case. */
  hostPath(windowsPath: string): string {
    const below = /^C:\\(.*)$/.exec(windowsPath)?.[1];
    if (below === undefined) throw new Error(`not a full path on C: "${windowsPath}"`);
    return join(this.#prefix, "drive_c", ...below.split("\\"));
  }

  /** Puts a file of the machine on the C: drive. */
  copyIn(hostFile: string, windowsPath: string): void {
    const target = this.hostPath(windowsPath);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(hostFile, target);
  }

  /** Writes a text file on the C: drive. */
  writeFile(windowsPath: string, text: string): void {
    const target = this.hostPath(windowsPath);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  /** Starts a program and goes on. Loopback ports that it opens are the machine's. */
  start(
    program: string,
    args: string[],
    { env = {}, terminal = false, cwd }: StartOptions = {},
  ): WineProcess {
    const inFolder = cwd === undefined ? [] : ["env", `--chdir=${this.#inRoot(this.hostPath(cwd))}`];
    const command = enterRoot(this.#root, [...inFolder, WINE, program, ...args]);
    const started = new WineProcess(command, { ...this.#env(), ...env }, program, terminal);
    this.#started.push(started);
    return started;
  }

  /** Runs a program to its end. @throws Error when it takes longer than `LIMIT_MS`. */
  async run(program: string, args: string[], options: StartOptions = {}): Promise<WineProcess> {
    const started = this.start(program, args, options);
    await started.waitForExit();
    return started;
  }

  /** Ends every program on this drive, those too that programs left behind, and removes the drive. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of this.#started) started.kill();
    await this.#server("--kill");
    await this.#server("--wait");
    rmSync(this.#prefix, { recursive: true });
  }

  async #server(order: "--kill" | "--wait"): Promise<void> {
    const server = Bun.spawn(enterRoot(this.#root, [WINESERVER, order]), {
      env: this.#env(),
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    await server.exited;
  }

  #inRoot(hostPath: string): string {
    return `/${relative(this.#root, hostPath)}`;
  }

  #env(): Record<string, string> {
    return {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/root",
      LC_ALL: "C.UTF-8", // else Wine finds no file whose name has an accent
      XDG_RUNTIME_DIR: "/tmp",
      WINEDEBUG: "-all",
      WINEPREFIX: this.#inRoot(this.#prefix),
    };
  }
}
