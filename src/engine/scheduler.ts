/**
 * Enqueues a task for each tick of the schedules, and sleeps until the next, or until it is told to look. Every worker does
 * so; that a tick becomes one task is the doing of `store/schedule/tick.ts`.
 */
import type { Store } from "../store/connection.ts";
import { type DueSchedule, enqueueTicks, findDueSchedules } from "../store/schedule/tick.ts";
import { OperatorError } from "../task/errors.ts";
import type { EmitEvent } from "../task/events.ts";

export class Scheduler {
  readonly #store: Store;
  readonly #pollIntervalMs: number;
  readonly #emit: EmitEvent;
  /** Schedules whose fault has been told. */
  readonly #broken = new Set<number>();

  constructor(store: Store, pollIntervalMs: number, emit: EmitEvent) {
    this.#store = store;
    this.#pollIntervalMs = pollIntervalMs;
    this.#emit = emit;
  }

  async runOnce(): Promise<number> {
    const { due, nextInMs } = await findDueSchedules(this.#store);
    const dealtWith = await Promise.all(due.map((schedule) => this.#enqueue(schedule)));
    // Those have a next tick that was not looked at yet.
    if (dealtWith.includes(true)) return 0;
    // One more millisecond, else rounding wakes it just too early.
    return (nextInMs ?? Number.POSITIVE_INFINITY) + 1;
  }

  /** One that an older version has stored, and that is no schedule to this one, keeps none of the others waiting. */
  async #enqueue(schedule: DueSchedule): Promise<boolean> {
    const part = `schedule ${schedule.name}`;
    try {
      const ticked = await enqueueTicks(this.#store, schedule);
      if (ticked !== undefined) this.#emit({ kind: "ticked", schedule: schedule.name, ...ticked });
      if (this.#broken.delete(schedule.id)) this.#emit({ kind: "part-recovered", part });
      return true;
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      if (!this.#broken.has(schedule.id))
        this.#emit({ kind: "part-failed", part, error, retryMs: this.#pollIntervalMs });
      this.#broken.add(schedule.id);
      return false;
    }
  }
}
