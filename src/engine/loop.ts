/**
 * The one loop under every part of the engine: run a round, wait as long as it says or until woken, run again.
 * A part itself is only its round, which tests call with no timer.
 */
import type { EmitEvent } from "../task/events.ts";

/** One round; resolves to the delay until the next. Infinity: only when woken. */
export type Round = () => Promise<number>;

export interface Loop {
  /** Runs the next round now, or once more after the one under way. */
  wake(): void;
  /** Resolves when the round under way has ended; no other follows. */
  stop(): Promise<void>;
  /** How late it is, ms: since when its round has been under way, or its wait over. 0 while it waits, and once it is stopped. */
  readonly lateMs: number;
}

const firstRetryMs = 250;
const lastRetryMs = 10_000;
/** setTimeout fires at once beyond this. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * A round that throws is tried again, later each time; "part-failed" is emitted for the first of a row and
 * "part-recovered" after the last.
 * @param firstInMs when the first round begins, unless it is woken before. Infinity: only then.
 */
export function startLoop(part: string, round: Round, emit: EmitEvent, firstInMs = 0): Loop {
  let woken = false;
  let stopped = false;
  let endWait: (() => void) | undefined;
  let failures = 0;
  /** When its round began, or its wait ends; on the clock of `performance.now()`. */
  let expectedAtMs = Number.POSITIVE_INFINITY;

  function wait(delayMs: number, wakeable: boolean): Promise<void> {
    if (stopped || (wakeable && woken) || delayMs <= 0) return Promise.resolve();
    expectedAtMs = performance.now() + delayMs;
    return new Promise((resolve) => {
      const timer = Number.isFinite(delayMs)
        ? setTimeout(resolve, Math.min(delayMs, longestTimerMs))
        : undefined;
      endWait = () => {
        // A wake must not turn the pause after an error into a busy loop.
        if (!wakeable && !stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function run() {
    await wait(firstInMs, true);
    while (!stopped) {
      woken = false;
      expectedAtMs = performance.now();
      try {
        const delayMs = await round();
        if (failures > 0) emit({ kind: "part-recovered", part });
        failures = 0;
        await wait(delayMs, true);
      } catch (error) {
        const retryMs = Math.min(firstRetryMs * 2 ** failures, lastRetryMs);
        if (failures === 0) emit({ kind: "part-failed", part, error, retryMs });
        failures += 1;
        await wait(retryMs, false);
      }
      endWait = undefined;
    }
    expectedAtMs = Number.POSITIVE_INFINITY;
  }
  const running = run();

  return {
    wake() {
      woken = true;
      endWait?.();
    },
    stop() {
      stopped = true;
      endWait?.();
      return running;
    },
    get lateMs() {
      return Math.max(0, performance.now() - expectedAtMs);
    },
  };
}

/** A tenth more or less, so that many workers started together do not poll together. */
export function jitter(ms: number): number {
  return ms * (0.9 + Math.random() * 0.2);
}
