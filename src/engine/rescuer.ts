/**
 * Gives the tasks of workers back whose lease is past. Every worker does so when its heartbeat has seen one; no leader is
 * needed.
 */
import { rescueTasks } from "../store/attempt/rescue.ts";
import type { Store } from "../store/connection.ts";
import type { EmitEvent } from "../task/events.ts";

export class Rescuer {
  readonly #store: Store;
  readonly #emit: EmitEvent;

  constructor(store: Store, emit: EmitEvent) {
    this.#store = store;
    this.#emit = emit;
  }

  async runOnce(): Promise<number> {
    const rescued = await rescueTasks(this.#store);
    for (const { workerId, state, ...task } of rescued)
      this.#emit({ kind: "rescued", task, workerId, state });
    // Also for one that is not pending now: its queue's limits may let another start.
    if (rescued.length > 0) this.#store.announcer.announce({ kind: "due" });
    if (rescued.some(({ state }) => state !== "pending")) this.#store.announcer.announce({ kind: "ended" });
    return Number.POSITIVE_INFINITY;
  }
}
