/**
 * Enqueues a task for each tick of the schedules, and sleeps until the next. Every worker does so; that a tick becomes
 * one task is the doing of `store/tick.ts`.
 */
import type { Store } from "../store/connection.ts";
import { enqueueTicks, findDueSchedules } from "../store/tick.ts";
import type { EmitEvent } from "../task/events.ts";
import { jitter } from "./loop.ts";

export class Scheduler {
  readonly #store: Store;
  readonly #pollIntervalMs: number;
  readonly #emit: EmitEvent;

  constructor(store: Store, pollIntervalMs: number, emit: EmitEvent) {
    this.#store = store;
    this.#pollIntervalMs = pollIntervalMs;
    this.#emit = emit;
  }

  async runOnce(): Promise<number> {
    const { due, nextInMs } = await findDueSchedules(this.#store);
    const rounds = await Promise.allSettled(
      due.map(async (schedule) => {
        const ticked = await enqueueTicks(this.#store, schedule);
        if (ticked !== undefined) this.#emit({ kind: "ticked", schedule: schedule.name, ...ticked });
      }),
    );
    // One that can't be enqueued keeps none of the others waiting.
    const failed = rounds.find((round) => round.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    // Those just dealt with have a next tick that was not looked at yet.
    if (due.length > 0) return 0;
    // One more millisecond, else rounding wakes it just too early.
    return Math.min(jitter(this.#pollIntervalMs), (nextInMs ?? Number.POSITIVE_INFINITY) + 1);
  }
}
