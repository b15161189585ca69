/**
 * Runs handlers in a thread of their own, so that one that spins or blocks stops neither heartbeat nor health nor
 * time-outs. A thread that does not let go of an attempt in time is ended, with all that runs in it, and replaced.
 */
import type { EmitEvent } from "../task/events.ts";
import type { Outcome } from "../task/outcome.ts";
import type { ClaimedTask } from "../task/task.ts";
import { type AbortReason, type Attempt, abortGraceMs, outcomeOfAbort } from "./attempt.ts";
import type { HandlerRunner, Reports } from "./runner.ts";
import type { FromThread, ToThread } from "./thread-messages.ts";

/** A thread, as far as it is needed; `onMessage` and `onEnd` are set once, before anything is sent. */
export interface Thread {
  send(message: ToThread): void;
  onMessage: (message: FromThread) => void;
  /** It has ended by itself: a handler has called process.exit, or crashed it. */
  onEnd: () => void;
  terminate(): void;
}

export interface ThreadRunnerOptions {
  names: string[];
  spawn: () => Thread;
  /** The handler's own, where the task gives none. */
  timeoutOf: (name: string) => number | undefined;
  emit: EmitEvent;
  limits?: Limits;
}

export interface Limits {
  /** How long an abort may take in the thread, its grace included, before the thread is held to be stuck. */
  abortMs: number;
  /** How often the thread is asked whether it hears, while something runs in it. */
  pingMs: number;
  /** Threads are started at least this far apart. */
  respawnMs: number;
}

const defaultLimits: Limits = { abortMs: abortGraceMs + 1_000, pingMs: 1_000, respawnMs: 1_000 };

interface RunningAttempt {
  task: ClaimedTask;
  reports: Reports;
  reason: AbortReason | undefined;
  timers: Timer[];
  end: (ended: { outcome: Outcome; abandoned: boolean }) => void;
}

export class ThreadRunner implements HandlerRunner {
  readonly #options: ThreadRunnerOptions;
  readonly #limits: Limits;
  readonly #running = new Map<number, RunningAttempt>();
  #thread: Thread | undefined;
  #starting: { n: number; task: ClaimedTask }[] = [];
  #lastN = 0;
  #spawnedAtMs = 0;
  #respawnTimer: Timer | undefined;
  #pingTimer: Timer | undefined;
  #unansweredSinceMs: number | undefined;

  constructor(options: ThreadRunnerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
    this.#thread = this.#spawn();
  }

  get names(): string[] {
    return this.#options.names;
  }

  get deafMs(): number {
    if (this.#unansweredSinceMs === undefined) return 0;
    const silentMs = performance.now() - this.#unansweredSinceMs;
    if (this.#thread === undefined) return Math.max(1, silentMs);
    // A thread that is merely busy answers within a round or two.
    return silentMs > 2 * this.#limits.pingMs ? silentMs : 0;
  }

  start(task: ClaimedTask, reports: Reports): Attempt {
    const n = ++this.#lastN;
    const { promise: outcome, resolve: end } = Promise.withResolvers<{
      outcome: Outcome;
      abandoned: boolean;
    }>();
    const attempt: RunningAttempt = { task, reports, reason: undefined, timers: [], end };
    this.#running.set(n, attempt);
    const timeoutMs = task.timeoutMs ?? this.#options.timeoutOf(task.name);
    // The thread keeps the time itself; this is for when it can't.
    if (timeoutMs !== undefined) this.#giveUpAfter(n, attempt, timeoutMs + this.#limits.abortMs, "timed-out");
    // Those that start in one turn of the event loop go in one message.
    if (this.#starting.push({ n, task }) === 1) queueMicrotask(() => this.#sendStarting());
    this.#pingTimer ??= setTimeout(() => this.#ping(), this.#limits.pingMs);
    return { task, outcome, abort: (reason) => this.#abort(n, reason) };
  }

  async stop(): Promise<void> {
    clearTimeout(this.#pingTimer);
    clearTimeout(this.#respawnTimer);
    const thread = this.#thread;
    this.#thread = undefined;
    thread?.terminate();
  }

  #spawn(): Thread {
    this.#spawnedAtMs = performance.now();
    const thread = this.#options.spawn();
    thread.onMessage = (message) => {
      if (thread === this.#thread) this.#hear(message);
    };
    thread.onEnd = () => {
      if (thread === this.#thread) this.#replace("it ended by itself", "errored");
    };
    return thread;
  }

  #sendStarting(): void {
    this.#thread?.send({ kind: "start", attempts: this.#starting.splice(0) });
  }

  #abort(n: number, reason: AbortReason): void {
    const attempt = this.#running.get(n);
    if (attempt === undefined || attempt.reason !== undefined) return;
    attempt.reason = reason;
    this.#thread?.send({ kind: "abort", n, reason });
    this.#giveUpAfter(n, attempt, this.#limits.abortMs, reason);
  }

  #giveUpAfter(n: number, attempt: RunningAttempt, ms: number, reason: AbortReason): void {
    attempt.timers.push(
      setTimeout(() => {
        if (!this.#running.has(n)) return;
        attempt.reason ??= reason;
        this.#replace(`${attempt.task.name} (task ${attempt.task.id}) does not let go of it`, "given-back");
      }, ms),
    );
  }

  #ping(): void {
    this.#pingTimer = undefined;
    if (this.#running.size === 0) return;
    this.#unansweredSinceMs ??= performance.now();
    this.#thread?.send({ kind: "ping" });
    this.#pingTimer = setTimeout(() => this.#ping(), this.#limits.pingMs);
  }

  #hear(message: FromThread): void {
    this.#unansweredSinceMs = undefined;
    switch (message.kind) {
      case "ended":
        for (const { n, outcome, abandoned } of message.attempts) this.#end(n, outcome, abandoned);
        break;
      case "log":
        this.#running.get(message.n)?.reports.log(message.message, message.fields);
        break;
      case "progress":
        this.#running.get(message.n)?.reports.progress(message.fraction, message.message);
        break;
      case "done":
        this.#options.emit(message.event);
        break;
      case "fault":
        this.#options.emit({ kind: "handler-fault", message: message.message });
        break;
      case "heard":
        break;
    }
  }

  #end(n: number, outcome: Outcome, abandoned: boolean): void {
    const attempt = this.#running.get(n);
    if (attempt === undefined) return;
    this.#running.delete(n);
    for (const timer of attempt.timers) clearTimeout(timer);
    attempt.end({ outcome, abandoned });
  }

  /** @param others what becomes of attempts that were not being aborted: they may have ended the thread, or not. */
  #replace(why: string, others: "errored" | "given-back"): void {
    this.#options.emit({ kind: "handlers-restarted", reason: why, running: this.#running.size });
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#starting = [];
    this.#unansweredSinceMs = performance.now();
    // One that ends as soon as it starts would be started a thousand times a second.
    const waitMs = Math.max(0, this.#spawnedAtMs + this.#limits.respawnMs - performance.now());
    this.#respawnTimer = setTimeout(() => {
      this.#unansweredSinceMs = undefined;
      this.#thread = this.#spawn();
    }, waitMs);
    const error = { message: `the handlers' thread was replaced: ${why}`, stack: null };
    for (const [n, { reason, task }] of [...this.#running]) {
      if (reason !== undefined)
        this.#end(n, outcomeOfAbort(reason, task.timeoutMs ?? this.#options.timeoutOf(task.name)), true);
      else this.#end(n, others === "errored" ? { kind: "errored", error } : { kind: "given-back" }, true);
    }
  }
}
