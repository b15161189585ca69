/**
 * The worker's right to run tasks: registers it, renews by heartbeat (one row, never a write a task), and lets
 * go in time when it can't. Deciding that another worker is dead is the rescuer's work.
 */
import type { Store } from "../store/connection.ts";
import type { Sql } from "../store/sql.ts";
import { deregisterWorker, registerWorker, renewLease, type WorkerIdentity } from "../store/worker.ts";
import type { EmitEvent } from "../task/events.ts";
import type { Executor } from "./executor.ts";
import { type Loop, startLoop } from "./loop.ts";
import { behindFirstClaimMs } from "./loops.ts";

export interface LeaseOptions {
  store: Store;
  identity: WorkerIdentity;
  executor: Executor;
  emit: EmitEvent;
  /** A lease is held, again. */
  onHeld: () => void;
  /** The lease of another worker is past. */
  onDead: () => void;
}

/**
 * Renewed five times in its length; let go when one fifth is left, so that aborts end before a rescuer acts. Each time others
 * are looked at too: with the default lease of 25 s a dead worker's tasks wait 30 s at the most.
 */
const fifths = 5;

export class Lease {
  readonly #options: LeaseOptions;
  #loop: Loop | undefined;
  #workerId: number | undefined;
  #renewedAtMs = 0;
  #letGoTimer: Timer | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Takes the first lease. @throws the driver's error when the database can't be reached. */
  async start(): Promise<void> {
    const { store, emit } = this.#options;
    // Over a connection that is open: the heartbeat's own is made beside the first claim.
    await this.#register(store.sql);
    this.#loop = startLoop("heartbeat", () => this.runOnce(), emit, behindFirstClaimMs);
  }

  /** The id to claim under; undefined while no lease is held. */
  get workerId(): number | undefined {
    // A process that was frozen finds its timers late: the clock decides, not the timer.
    if (performance.now() - this.#renewedAtMs >= this.#usableMs) this.#letGo();
    return this.#workerId;
  }

  get lateMs(): number {
    return this.#loop?.lateMs ?? 0;
  }

  async runOnce(): Promise<number> {
    const { store, executor, identity } = this.#options;
    const workerId = this.workerId;
    if (workerId === undefined) {
      // Not before the last attempt has ended here: under a new id its task could be claimed and run twice at once.
      await executor.idle();
      await this.#register();
    } else {
      const askedAtMs = performance.now();
      const renewal = await renewLease(store, workerId, executor.runningIds());
      if (renewal.anyDead) this.#options.onDead();
      if (!renewal.alive) {
        this.#letGo();
        return 0;
      }
      if (this.#workerId === workerId) this.#hold(workerId, askedAtMs);
      if (renewal.cancelRequested.length > 0) executor.abort("cancelled", renewal.cancelRequested);
    }
    return identity.leaseMs / fifths;
  }

  /** @param released none of its tasks is left running: the row may go. */
  async stop(released: boolean): Promise<void> {
    await this.#loop?.stop();
    clearTimeout(this.#letGoTimer);
    const workerId = this.#workerId;
    this.#workerId = undefined;
    if (released && workerId !== undefined) await deregisterWorker(this.#options.store, workerId);
  }

  async #register(over?: Sql): Promise<void> {
    const { store, identity, onHeld } = this.#options;
    const askedAtMs = performance.now();
    this.#hold(await registerWorker(store, identity, over), askedAtMs);
    onHeld();
  }

  get #usableMs(): number {
    return (this.#options.identity.leaseMs * (fifths - 1)) / fifths;
  }

  /** Counted from before the question: the database renewed at some moment after it. */
  #hold(workerId: number, askedAtMs: number): void {
    this.#workerId = workerId;
    this.#renewedAtMs = askedAtMs;
    clearTimeout(this.#letGoTimer);
    this.#letGoTimer = setTimeout(() => this.workerId, this.#usableMs - (performance.now() - askedAtMs) + 1);
  }

  #letGo(): void {
    if (this.#workerId === undefined) return;
    const { executor, emit } = this.#options;
    emit({ kind: "lease-lost", workerId: this.#workerId, running: executor.running });
    this.#workerId = undefined;
    executor.abort("lease-lost");
    this.#loop?.wake();
  }
}
