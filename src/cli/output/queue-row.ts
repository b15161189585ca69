/** A queue as a row of a table, and its state in words. */
import type { Queue } from "../../task/doors/queue.ts";
import { formatRate } from "../../task/time/rate.ts";

export function queueRow(queue: Queue) {
  return {
    queue: queue.name,
    state: stateOf(queue),
    "max running": queue.maxRunning,
    rate: queue.rate === null ? null : formatRate(queue.rate),
    history: queue.history,
    waiting: queue.waiting,
    running: queue.running,
  };
}

/** A queue may be both: it goes on when neither its operator nor a worker keeps it back. */
export function stateOf({ paused, held }: Queue): string {
  const states = [paused ? "paused" : [], held === null ? [] : "held"].flat();
  return states.join(" and ") || "open";
}
