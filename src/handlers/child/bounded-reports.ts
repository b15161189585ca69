/**
 * Holds a child process' log lines and progress to a rate that the worker can bear, whatever the child does: they
 * travel through queues, which would fill memory. Where they go is the context's affair.
 */
import type { HandlerContext } from "../context.ts";

type Reports = Pick<HandlerContext, "log" | "progress">;

export interface BoundedReports extends Reports {
  /** Tells what is still held back; to be called when the child has ended. */
  flush(): void;
}

/** At once, and again after a pause. */
const burst = 500;
const linesPerSecond = 100;
const progressIntervalMs = 100;

/** Lines beyond the rate are left out, which is told by their number; of progress the newest is told. */
export function boundReports({ log, progress }: Reports): BoundedReports {
  let room = burst;
  let countedAtMs = performance.now();
  let leftOut = 0;
  let newest: Parameters<Reports["progress"]> | undefined;
  let timer: Timer | undefined;

  function tellLeftOut() {
    if (leftOut === 0) return;
    log(`${leftOut} log lines left out: more than ${linesPerSecond} a second`);
    leftOut = 0;
  }
  function tellProgress() {
    timer = undefined;
    if (newest === undefined) return;
    progress(...newest);
    newest = undefined;
    timer = setTimeout(tellProgress, progressIntervalMs);
  }

  return {
    log(message, fields) {
      const nowMs = performance.now();
      room = Math.min(burst, room + ((nowMs - countedAtMs) * linesPerSecond) / 1_000);
      countedAtMs = nowMs;
      if (room < 1) {
        leftOut += 1;
        return;
      }
      tellLeftOut();
      room -= 1;
      log(message, fields);
    },
    progress(...told) {
      newest = told;
      if (timer === undefined) tellProgress();
    },
    flush() {
      clearTimeout(timer);
      tellProgress();
      clearTimeout(timer);
      tellLeftOut();
    },
  };
}
