/** Keeps the history in shape: partitions ahead, old ones gone. Every worker does so; no leader is needed. */
import type { Store } from "../store/connection.ts";
import { prune } from "../store/history/prune.ts";
import type { EmitEvent } from "../task/events.ts";
import type { Retention } from "../task/retention.ts";
import { jitter } from "./loop.ts";

const intervalMs = 3_600_000;

export class Pruner {
  readonly #store: Store;
  readonly #retention: Retention;
  readonly #emit: EmitEvent;

  constructor(store: Store, retention: Retention, emit: EmitEvent) {
    this.#store = store;
    this.#retention = retention;
    this.#emit = emit;
  }

  async runOnce(): Promise<number> {
    for (const { name, ...partition } of await prune(this.#store, this.#retention))
      this.#emit({ kind: "pruned", partition: name, ...partition });
    return jitter(intervalMs);
  }
}
