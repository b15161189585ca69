/**
 * One worker: builds the engine's parts, wires who wakes whom, and stops them in order. Start reading here.
 * It never logs, reads no signal and ends no process: the command line does.
 */
import type { Announcement } from "../store/announce.ts";
import { prepareClaims } from "../store/claim/claim.ts";
import type { Store } from "../store/connection.ts";
import { makePartitions } from "../store/history/history-partitions.ts";
import type { WorkerIdentity } from "../store/worker.ts";
import type { EmitEvent } from "../task/events.ts";
import type { Retention } from "../task/retention.ts";
import type { ToPlain } from "../task/task-log.ts";
import { CancelWatch } from "./cancel-watch.ts";
import { Claimer } from "./claimer.ts";
import { Completer } from "./completer.ts";
import { Executor } from "./executor.ts";
import { Exhaustion } from "./exhaustion.ts";
import type { HandlerRunner } from "./handlers/runner.ts";
import { HoldWatch } from "./hold-watch.ts";
import { Lease } from "./lease.ts";
import { Lookout } from "./lookout.ts";
import { findLatest, type Loops, startLoops } from "./loops.ts";
import { Notifier } from "./notifier.ts";
import { Promoter } from "./promoter.ts";
import { Pruner } from "./pruner.ts";
import { Releaser } from "./releaser.ts";
import { Reporter } from "./reporter.ts";
import { Rescuer } from "./rescuer.ts";
import { Scheduler } from "./scheduler.ts";

export interface WorkerOptions {
  store: Store;
  runner: HandlerRunner;
  /** Empty: every queue. */
  queues: string[];
  concurrency: number;
  pollIntervalMs: number;
  identity: WorkerIdentity;
  retention: Retention;
  emit: EmitEvent;
  /** The back-off of a handler, as `task/time/backoff.ts` reads it; left out: the default for all. */
  backoffOf?: (name: string) => string | undefined;
  /** For what handlers log and throw: it is stored with their tasks. Left out: nothing is blanked out. */
  toPlain?: ToPlain;
}

export interface WorkerStatus {
  workerId: number | undefined;
  running: number;
  slots: number;
  lastClaimAt: Date | undefined;
  /** How long the handlers have failed to answer, ms; 0 while they do. */
  handlersDeafMs: number;
  stopping: boolean;
  /** See `findLatest`. */
  late: { part: string; ms: number };
}

/** The completer's last words, after everything was aborted. */
const flushLimitMs = 5_000;

/** How long a stop waits for the rounds under way. */
const partsLimitMs = 10_000;

export class Worker {
  readonly #options: WorkerOptions;
  readonly #completer: Completer;
  readonly #reporter: Reporter;
  readonly #executor: Executor;
  readonly #lease: Lease;
  readonly #claimer: Claimer;
  readonly #lookout: Lookout;
  readonly #cancelWatch: CancelWatch;
  readonly #promoter: Promoter;
  readonly #releaser: Releaser;
  readonly #rescuer: Rescuer;
  readonly #pruner: Pruner;
  readonly #scheduler: Scheduler;
  readonly #holdWatch: HoldWatch;
  readonly #notifier: Notifier;
  #loops: Loops | undefined;
  #stopping: Promise<boolean> | undefined;
  /** Resolves when the drain, under way or to come, is to end. */
  readonly #drainEnds = Promise.withResolvers<"aborted">();
  readonly #exhaustion = new Exhaustion();
  /** Tasks that have ended here for good. */
  #endedCount = 0;

  constructor(options: WorkerOptions) {
    const { store, runner, emit, identity, pollIntervalMs, toPlain = (value) => value } = options;
    this.#options = options;
    const wakeClaimer = () => this.#loops?.claimer.wake();
    this.#completer = new Completer({
      store,
      emit,
      toPlain,
      backoffOf: options.backoffOf ?? (() => undefined),
      isBusy: () => this.#executor.startable > 0,
      onReturned: (delayMs) => (delayMs === 0 ? wakeClaimer() : this.#loops?.promoter.wake()),
      onEnded: (ended) => {
        this.#endedCount += ended.length;
        this.#wakeReleaser(this.#releaser.hearEnded(ended));
      },
    });
    this.#reporter = new Reporter({ store, emit, toPlain, onWaiting: () => this.#loops?.reporter.wake() });
    this.#executor = new Executor({
      runner,
      completer: this.#completer,
      reporter: this.#reporter,
      slots: options.concurrency,
      emit,
      onStarted: () => this.#cancelWatch.asleep && this.#loops?.cancelWatch.wake(),
      onSlotFree: (task) => this.#claimer.wantsMoreAfter(task) && wakeClaimer(),
    });
    this.#lease = new Lease({
      store,
      identity,
      executor: this.#executor,
      emit,
      onHeld: wakeClaimer,
      onDead: () => this.#loops?.rescuer.wake(),
    });
    this.#claimer = new Claimer({
      store,
      lease: this.#lease,
      executor: this.#executor,
      names: () => runner.names,
      queues: options.queues,
      pollIntervalMs,
      knownIds: () => [...this.#executor.claimedIds(), ...this.#completer.waitingIds()],
      onExhausted: (startedAtMs) => this.#exhaustion.found(startedAtMs),
    });
    this.#lookout = new Lookout({
      store,
      queues: options.queues,
      pollIntervalMs,
      wake: (part) => this.#loops?.[part].wake(),
      onWaiting: () => this.#wakeReleaser(this.#releaser.hearWaiting()),
      onLimited: () => {
        if (this.#claimer.hearLimited()) wakeClaimer();
      },
    });
    this.#promoter = new Promoter(store, () => this.#hear("due"));
    this.#releaser = new Releaser(store, pollIntervalMs, emit);
    this.#cancelWatch = new CancelWatch({ store, lease: this.#lease, executor: this.#executor });
    this.#rescuer = new Rescuer(store, emit);
    this.#pruner = new Pruner(store, options.retention, emit);
    this.#scheduler = new Scheduler(store, pollIntervalMs, emit);
    this.#holdWatch = new HoldWatch(store);
    this.#notifier = new Notifier({
      store,
      onAnnouncement: (announcement) => this.#hearAnnouncement(announcement),
      onListening: () => {
        this.#hear("queues");
        this.#loops?.lookout.wake();
        this.#wakeReleaser(this.#releaser.hearOthersEnded());
      },
      onLost: () => this.#loops?.notifier.wake(),
    });
  }

  /**
   * @param ready what the first claim has to wait for.
   * @throws the driver's error when the database can't be reached; it may be called again then.
   */
  async start(ready?: Promise<unknown>): Promise<void> {
    const { store, emit, runner, queues } = this.#options;
    prepareClaims(store);
    await this.#lease.start();
    // Before the first claim, so that what finishes finds its week. Else the default partition takes it. And after the
    // lease, since it would open a connection beside that.
    await makePartitions(store).catch((error: unknown) =>
      emit({ kind: "part-failed", part: "pruner", error, retryMs: 0 }),
    );
    await ready;
    this.#loops = startLoops(
      {
        claimer: this.#claimer,
        lookout: this.#lookout,
        promoter: this.#promoter,
        releaser: this.#releaser,
        rescuer: this.#rescuer,
        pruner: this.#pruner,
        scheduler: this.#scheduler,
        holdWatch: this.#holdWatch,
        notifier: this.#notifier,
        cancelWatch: this.#cancelWatch,
        reporter: this.#reporter,
      },
      emit,
    );
    emit({ kind: "worker-started", workerId: this.#lease.workerId ?? 0, names: runner.names, queues });
  }

  /** The runner has other handlers than before: what has waited for one may be claimed. */
  takeHandlers(): void {
    this.#hear("queues");
  }

  status(): WorkerStatus {
    return {
      workerId: this.#lease.workerId,
      running: this.#executor.running,
      slots: this.#options.concurrency,
      lastClaimAt: this.#claimer.lastClaimAt,
      handlersDeafMs: this.#options.runner.deafMs,
      stopping: this.#stopping !== undefined,
      late: findLatest(this.#loops, { heartbeat: this.#lease, completer: this.#completer }),
    };
  }

  /** Resolves when no task that is due is left for this worker, and what it ran is stored. */
  async drained(): Promise<void> {
    await this.#scheduler.runOnce();
    await this.#holdWatch.runOnce();
    for (;;) {
      const endedBefore = this.#endedCount;
      await this.#releaser.releaseAll();
      await this.#promoter.runFromHead();
      const exhausted = this.#exhaustion.next();
      this.#hear("queues");
      await exhausted;
      const idle = this.#executor.isIdle && this.#completer.waiting === 0;
      // What has ended since the look may have made others due.
      if (idle && this.#endedCount === endedBefore) return;
      await this.#executor.idle();
      await this.#completer.flush();
    }
  }

  /**
   * Stops claiming, lets what runs end within `drainTimeoutMs`, aborts the rest and gives it back uncounted.
   * Called again, it joins the stop under way.
   * @returns whether everything ended by itself in time.
   */
  stop(reason: string, drainTimeoutMs: number): Promise<boolean> {
    this.#stopping ??= this.#stop(reason, drainTimeoutMs);
    return this.#stopping;
  }

  /** Ends the drain of a stop: what still runs is aborted now. */
  abortNow(): void {
    this.#drainEnds.resolve("aborted");
  }

  async #stop(reason: string, drainTimeoutMs: number): Promise<boolean> {
    const { emit } = this.#options;
    this.#claimer.stopStarting();
    emit({ kind: "worker-stopping", reason, running: this.#executor.running });
    await this.#loops?.claimer.stop();
    this.#executor.giveBackWaiting();

    const timer = setTimeout(() => this.abortNow(), drainTimeoutMs);
    const drained = (await Promise.race([this.#executor.idle(), this.#drainEnds.promise])) !== "aborted";
    clearTimeout(timer);
    if (!drained) {
      this.#executor.abort("stopping");
      await this.#executor.idle();
    }

    const flushed = await Promise.race([
      this.#completer.flush().then(() => true),
      Bun.sleep(flushLimitMs).then(() => false),
    ]);
    const partsStopped = Promise.all([
      this.#completer.stop(),
      ...Object.values(this.#loops ?? {}).map((loop) => loop.stop()),
      this.#loops?.notifier.stop().then(() => this.#notifier.stop()),
      // With outcomes unsaved or claims unknown the row stays: its lease ends, and a rescuer gives the tasks back.
      this.#lease
        .stop(flushed && !this.#claimer.mayHaveStrays)
        .catch((error: unknown) => emit({ kind: "part-failed", part: "heartbeat", error, retryMs: 0 })),
    ]);
    // A round that waits for a database gone silent is ended with the store's connections.
    await Promise.race([partsStopped, Bun.sleep(partsLimitMs)]);
    emit({ kind: "worker-stopped" });
    return drained;
  }

  #hear(kind: "due" | "queues"): void {
    this.#claimer.hear(kind);
    this.#loops?.claimer.wake();
    if (kind === "queues") this.#loops?.holdWatch.wake();
  }

  #wakeReleaser(worthWhile: boolean): void {
    if (worthWhile) this.#loops?.releaser.wake();
  }

  #hearAnnouncement(announcement: Announcement): void {
    if (announcement.kind === "due") this.#hear("due");
    else if (announcement.kind === "queues") this.#hear("queues");
    else if (announcement.kind === "future") this.#loops?.promoter.wake();
    else if (announcement.kind === "schedule") this.#loops?.scheduler.wake();
    else if (announcement.kind === "waiting") this.#wakeReleaser(this.#releaser.hearWaiting());
    else if (announcement.kind === "ended") this.#wakeReleaser(this.#releaser.hearOthersEnded());
    else this.#executor.abort("cancelled", [announcement.id]);
  }
}
