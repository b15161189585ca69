/** A child process with all that it has started, as each system ends that. When to do so is `end-of-child.ts`'s affair. */
import type { Subprocess } from "bun";

export interface ChildTree {
  /** To all of it, to what it has left running when it has ended itself, too. Windows has no signals: there each ends it at once. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** To be called when nothing of it lives. */
  forget(): void;
}

/** What Windows keeps a process and its descendants in, see `src/windows/job.ts`. */
export interface Job {
  end(): void;
  close(): void;
}

/** A process group. */
export const groupOf = (leader: number, forget: () => void): ChildTree => ({
  kill(signal) {
    try {
      process.kill(-leader, signal);
    } catch {
      // ESRCH: nothing is left. EPERM: what is left has become another user's, which we can't help.
    }
  },
  forget,
});

/** @param job undefined when the child had ended before it could be put into one. */
export const jobTree = (child: Subprocess, job: Job | undefined): ChildTree => ({
  kill: () => (job === undefined ? child.kill() : job.end()),
  forget: () => job?.close(),
});
