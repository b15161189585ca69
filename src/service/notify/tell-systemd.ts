/**
 * What the worker tells systemd of itself, and when: ready, status, alive, stopping, after sd_notify(3). How the worker
 * is comes from whoever starts this; sending is `notify-socket.ts`.
 */
import type { Notify } from "./notify-socket.ts";

/** How the worker is, as far as a service manager cares. */
export interface WorkerLook {
  /** Whether it has asked the store for tasks, or would, were its database there. */
  readonly isUp: boolean;
  readonly stopping: boolean;
  /** One line for people. */
  readonly status: string;
  /** The engine's loop that is latest, and how late, ms: how long its round lasts, or its wait is over. */
  readonly late: { readonly part: string; readonly ms: number };
}

export interface TellSystemdOptions {
  notify: Notify;
  look: () => WorkerLook;
  /** How long systemd waits for a sign of life; undefined when it does not. */
  watchdogMs: number | undefined;
  /** How long a stop may take, ms; until then systemd is asked for more time. */
  stopMs: number;
  /** No sign of life is given any more, until the loop turns again. Told once a time. */
  onStuck: (part: string, lateMs: number) => void;
  /** Beyond this a loop counts as stuck: far more than a statement may take. */
  stuckMs?: number;
  lookMs?: number;
}

export interface Telling {
  /** The worker is ending, and all is taken down. */
  stop(): void;
}

const untilReadyMs = 100;

export function tellSystemd(options: TellSystemdOptions): Telling {
  const { notify, look, watchdogMs, stopMs, onStuck, stuckMs = 120_000, lookMs = 1_000 } = options;
  let timer: Timer | undefined;
  let ready = false;
  let stuck = false;
  let stoppingSinceMs: number | undefined;
  let toldStatus: string | undefined;
  let fedAtMs = Number.NEGATIVE_INFINITY;

  function tell(): void {
    const now = look();
    const lines: string[] = [];
    if (!ready && now.isUp) {
      ready = true;
      lines.push("READY=1");
    }
    if (now.stopping && stoppingSinceMs === undefined) {
      stoppingSinceMs = performance.now();
      lines.push("STOPPING=1");
    }
    if (now.status !== toldStatus) {
      toldStatus = now.status;
      lines.push(`STATUS=${now.status}`);
    }
    // The unit may know of a shorter drain than the configuration does.
    if (stoppingSinceMs !== undefined && performance.now() - stoppingSinceMs < stopMs)
      lines.push(`EXTEND_TIMEOUT_USEC=${10 * lookMs * 1_000}`);
    if (turns(now.late) && watchdogMs !== undefined && performance.now() - fedAtMs >= watchdogMs / 4) {
      fedAtMs = performance.now();
      lines.push("WATCHDOG=1");
    }
    if (lines.length > 0) notify(lines.join("\n"));
    timer = setTimeout(tell, ready ? lookMs : untilReadyMs);
  }

  function turns({ part, ms }: WorkerLook["late"]): boolean {
    const was = stuck;
    stuck = ms > stuckMs;
    if (stuck && !was) onStuck(part, ms);
    return !stuck;
  }

  tell();
  return {
    stop() {
      clearTimeout(timer);
    },
  };
}

/** The interval that systemd has told this process to keep; undefined when it has told none, or another process. */
export function watchdogMsOf(
  { WATCHDOG_USEC, WATCHDOG_PID }: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined {
  const usec = Number(WATCHDOG_USEC);
  if (!(usec > 0) || (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== pid)) return undefined;
  return usec / 1_000;
}
