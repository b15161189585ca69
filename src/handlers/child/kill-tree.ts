/** Signals to a child process and to all that it has started. When to send which is `end-of-child.ts`'s affair. */
import type { Subprocess } from "bun";

/**
 * To all of the child's group: to what it has left running, too, when it has ended itself. On Windows, which has neither
 * groups nor signals, every signal ends the child and its descendants at once, and only while the child lives.
 */
export function killTree(child: Subprocess, signal: "SIGTERM" | "SIGKILL"): void {
  if (process.platform === "win32") endTree(child);
  else signalGroup(child.pid, signal);
}

function signalGroup(leader: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // ESRCH: nothing is left. EPERM: what is left has become another user's, which we can't help.
  }
}

function endTree(child: Subprocess): void {
  if (child.exitCode !== null) return;
  try {
    Bun.spawn(["taskkill.exe", "/T", "/F", "/PID", String(child.pid)], {
      windowsHide: true,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
      onExit: (_, exitCode) => {
        if (exitCode !== 0) child.kill();
      },
    });
  } catch {
    child.kill();
  }
}
