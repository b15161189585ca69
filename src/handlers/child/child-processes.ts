/**
 * The child processes of attempts: what they inherit, and that none of them outlives this thread. Waiting for one and
 * ending it is `end-of-child.ts`'s work.
 */
import type { Subprocess } from "bun";
import type { HandlerContext } from "../context.ts";
import { type ChildTree, groupOf, type Job, jobTree } from "./child-tree.ts";
import type { EndLimits } from "./end-of-child.ts";

/**
 * A session, and so a process group, of its own: a signal to the group reaches all that the child starts, and no
 * terminal's Ctrl+C reaches any of it. Windows has no groups, and would open a console.
 */
export const inOwnGroup = { detached: process.platform !== "win32", windowsHide: true } as const;

/**
 * Holds a list of process groups, told on its standard input, and kills them when that is closed: by the end of this
 * thread or of the whole process, however that came about. A stop's SIGTERM to all processes must not end it early.
 */
const watcherScript = `
trap "" HUP INT TERM
groups=" "
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done`;

export interface ChildOptions {
  /** What children inherit; it holds no secret. */
  environment: Readonly<Record<string, string>>;
  /** Starts a process that serves one attempt of an isolated handler over IPC. */
  isolatedCommand: readonly string[];
  limits?: EndLimits;
  /** On Windows. It ends the child's processes at the latest with this process. */
  openJob?: (pid: number) => Job | undefined;
}

export class ChildProcesses {
  readonly isolatedCommand: readonly string[];
  readonly limits: EndLimits | undefined;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #openJob: ChildOptions["openJob"];
  readonly #pids = new Set<number>();
  #watcher: { stdin: Bun.FileSink } | undefined;

  constructor({ environment, isolatedCommand, limits, openJob }: ChildOptions) {
    this.#environment = environment;
    this.isolatedCommand = isolatedCommand;
    this.limits = limits;
    this.#openJob = openJob;
  }

  /** With the words that tell a program which attempt it is. */
  environmentOf({ id, name, queue, attempt }: HandlerContext["task"]): Record<string, string> {
    return {
      ...this.#environment,
      FISCAUT_TASK_ID: String(id),
      FISCAUT_TASK_NAME: name,
      FISCAUT_TASK_QUEUE: queue,
      FISCAUT_TASK_ATTEMPT: String(attempt),
    };
  }

  /**
   * To be called as soon as the child is started. From now on what it starts is killed when this thread ends, on Windows
   * when the process does: by its job there, on Linux by a shell, without which children outlive a worker that was killed.
   */
  watch(child: Subprocess): ChildTree {
    if (this.#openJob !== undefined) return jobTree(child, this.#openJob(child.pid));
    const { pid } = child;
    this.#pids.add(pid);
    if (this.#watcher !== undefined) this.#write(`+ ${pid}\n`);
    else this.#startWatcher();
    return groupOf(pid, () => {
      if (this.#pids.delete(pid)) this.#write(`- ${pid}\n`);
    });
  }

  /** The first one is started with the first child: most workers have none. */
  #startWatcher(): void {
    try {
      const watcher = Bun.spawn(["/bin/sh", "-c", watcherScript], {
        ...inOwnGroup,
        env: {},
        stdin: "pipe",
        stdout: "ignore",
        stderr: "ignore",
        onExit: () => {
          if (this.#watcher === watcher) this.#watcher = undefined;
        },
      });
      watcher.unref();
      this.#watcher = watcher;
    } catch {
      // A container without a shell.
      return;
    }
    this.#write([...this.#pids].map((pid) => `+ ${pid}\n`).join(""));
  }

  #write(lines: string): void {
    const stdin = this.#watcher?.stdin;
    if (stdin === undefined) return;
    stdin.write(lines);
    // Now, not in a later turn of the event loop: a handler may block this thread for good before that. It fails when
    // somebody has ended the watcher; the next one is told of all.
    Promise.try(() => stdin.flush()).catch(() => {});
  }
}
