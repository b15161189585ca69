/** Looks for workers whose lease is past and gives their tasks back. Every worker does so; no leader is needed. */
import { rescueTasks } from "../store/attempt/rescue.ts";
import type { Store } from "../store/connection.ts";
import type { EmitEvent } from "../task/events.ts";
import { jitter } from "./loop.ts";

/** With the default lease of 25 s a dead worker's tasks wait 30 s at the most. */
const roundsPerLease = 5;

export class Rescuer {
  readonly #store: Store;
  readonly #leaseMs: number;
  readonly #emit: EmitEvent;

  constructor(store: Store, leaseMs: number, emit: EmitEvent) {
    this.#store = store;
    this.#leaseMs = leaseMs;
    this.#emit = emit;
  }

  async runOnce(): Promise<number> {
    const rescued = await rescueTasks(this.#store);
    for (const { workerId, state, ...task } of rescued)
      this.#emit({ kind: "rescued", task, workerId, state });
    // Also for one that is not pending now: its queue's limits may let another start.
    if (rescued.length > 0) this.#store.announcer.announce({ kind: "due" });
    if (rescued.some(({ state }) => state !== "pending")) this.#store.announcer.announce({ kind: "ended" });
    return jitter(this.#leaseMs / roundsPerLease);
  }
}
