/**
 * A machine of its own for a test of service managers: a real systemd as process 1 of namespaces over the root that
 * `service-root.ts` lays, with supervisord as its service. What is done there leaves nothing in the root.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { finished } from "../../test/finished.ts";
import { until } from "../../test/until.ts";
import { DIST } from "../build/paths.ts";
import { hostTarget } from "../build/targets.ts";
import { layServiceRoot } from "./service-root.ts";

/** The executable's place in the machine. */
export const EXECUTABLE = "/opt/fiscaut é/fiscaut-tasks";

export type Ran = { exitCode: number; stdout: string; stderr: string };

export class ServiceBed implements AsyncDisposable {
  readonly #unshare: Bun.Subprocess;
  readonly #cgroup: string;
  readonly #work: string;
  /** systemd's, as this machine counts. */
  readonly #pid: number;

  private constructor(unshare: Bun.Subprocess, cgroup: string, work: string, pid: number) {
    this.#unshare = unshare;
    this.#cgroup = cgroup;
    this.#work = work;
    this.#pid = pid;
  }

  /** Up when systemd has started all that belongs to a start. */
  static async open(): Promise<ServiceBed> {
    const root = await layServiceRoot((line) => process.stdout.write(`${line}\n`));
    const work = mkdtempSync(join(tmpdir(), "fiscaut-tasks-service-"));
    const cgroup = join(ownCgroup(), `fiscaut-tasks-${process.pid}`);
    mkdirSync(cgroup);
    const namespaces = ["pid", "mount", "ipc", "uts", "net", "cgroup"].map((kind) => `--${kind}`);
    const enter = 'echo $$ > "$0/cgroup.procs" && exec unshare "$@"';
    const boot = ["sh", join(import.meta.dir, "boot.sh"), root, work];
    const unshare = Bun.spawn(["sh", "-c", enter, cgroup, ...namespaces, "--fork", "--kill-child", ...boot], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "inherit",
    });
    let pid = 0;
    await until(() => {
      const children = readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, "utf8");
      pid = Number(children.trim());
      return pid > 0;
    });
    const bed = new ServiceBed(unshare, cgroup, work, pid);
    try {
      await until(async () => {
        if (unshare.exitCode !== null) throw new Error(`systemd ended with ${unshare.exitCode}`);
        return (await bed.run(["systemctl", "is-active", "multi-user.target"])).exitCode === 0;
      }, 30_000);
      mkdirSync(dirname(bed.path(EXECUTABLE)), { recursive: true });
      cpSync(join(DIST, hostTarget().executable), bed.path(EXECUTABLE));
      return bed;
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** How this machine reaches a file of the other one. */
  path(path: string): string {
    return `/proc/${this.#pid}/root${path}`;
  }

  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text, { mode });
  }

  /** As root, with a login's few variables. */
  async run(argv: string[]): Promise<Ran> {
    const environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"];
    const child = Bun.spawn(["nsenter", "--target", String(this.#pid), "--all", ...environment, ...argv], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    return await finished(child);
  }

  /** Runs a program that must succeed. */
  async mustRun(argv: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(argv);
    if (exitCode !== 0) throw new Error(`${argv.join(" ")} ended with ${exitCode}\n${stdout}${stderr}`);
    return stdout;
  }

  /** `fiscaut-tasks service ...` */
  service(...words: string[]): Promise<Ran> {
    return this.run([EXECUTABLE, "service", ...words]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What it started dies with it, and its mounts with them.
    this.#unshare.kill("SIGKILL");
    await this.#unshare.exited;
    await until(
      () => readFileSync(join(this.#cgroup, "cgroup.events"), "utf8").includes("populated 0"),
      10_000,
    );
    removeCgroup(this.#cgroup);
    rmSync(this.#work, { recursive: true });
  }
}

/** Of the second version, in which this process is. */
function ownCgroup(): string {
  const mounted = /^\S+ (\S+) cgroup2 /m.exec(readFileSync("/proc/mounts", "utf8"))?.[1];
  const path = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
  if (mounted === undefined || path === undefined || !existsSync(join(mounted, path)))
    throw new Error(
      "these tests start a systemd, which needs cgroups of the second version: none is mounted",
    );
  return join(mounted, path);
}

function removeCgroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  rmdirSync(path);
}
