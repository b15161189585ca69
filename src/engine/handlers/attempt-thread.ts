/**
 * One thread of handlers as the worker sees it: what it has, what runs in it, whether it answers. One that does not let
 * go of an attempt in time is ended with all that runs in it; starting another is `thread-runner.ts`'s work.
 */
import type { HandlerFault } from "../../handlers/load-handlers.ts";
import { type NamedPayload, PayloadRefused } from "../../handlers/payload.ts";
import type { ThreadOf } from "../../handlers/thread.ts";
import type { EmitEvent } from "../../task/events.ts";
import type { Outcome } from "../../task/outcome.ts";
import type { ClaimedTask } from "../../task/task.ts";
import { type AbortReason, type Attempt, abortGraceMs, type Ended, outcomeOfAbort } from "./attempt.ts";
import type { Reports } from "./runner.ts";
import type { FromThread, HandlerSummary, LoadedThread, ToThread } from "./thread-messages.ts";

/** A thread of handlers, as this side sees it. */
export type Thread = ThreadOf<ToThread, FromThread>;

export interface AttemptThreadOptions {
  thread: Thread;
  limits: ThreadLimits;
  emit: EmitEvent;
  /** It has its handlers, and takes attempts from now on. */
  onLoaded: (loaded: LoadedThread) => void;
  /** It was ended, or has ended by itself. `blame`: the file that it was importing. */
  onLost: (why: string, running: number, blame: HandlerFault | undefined) => void;
  /** Its last attempt has ended. */
  onIdle: () => void;
}

export interface ThreadLimits {
  /** How long an abort may take in the thread, its grace included, before the thread is held to be stuck. */
  abortMs: number;
  /** How often the thread is asked whether it hears, while something runs in it. */
  pingMs: number;
  /** How long the thread may take to start, and for each file: more than an import is given that merely waits. */
  loadMs: number;
  /** How long a door waits for payloads to be checked. */
  checkMs: number;
}

export const defaultThreadLimits: ThreadLimits = {
  abortMs: abortGraceMs + 1_000,
  pingMs: 1_000,
  loadMs: 15_000,
  checkMs: 1_000,
};

interface RunningAttempt {
  task: ClaimedTask;
  reports: Reports;
  reason: AbortReason | undefined;
  timers: Timer[];
  end: (ended: Ended) => void;
}

type Refused = Extract<FromThread, { kind: "checked" }>["checked"][number]["refused"];

export class AttemptThread {
  readonly #options: AttemptThreadOptions;
  readonly #running = new Map<number, RunningAttempt>();
  readonly #checks = new Map<number, (refused: Refused) => void>();
  #checking: Extract<ToThread, { kind: "check" }>["checks"] = [];
  #handlers: ReadonlyMap<string, HandlerSummary> = new Map();
  /** The file that it is importing. */
  #file: string | undefined;
  #starting: { n: number; task: ClaimedTask }[] = [];
  #lastN = 0;
  #loadTimer: Timer | undefined;
  #pingTimer: Timer | undefined;
  #unansweredSinceMs: number | undefined;

  constructor(options: AttemptThreadOptions) {
    this.#options = options;
    options.thread.onMessage = (message) => this.#hear(message);
    options.thread.onEnd = () => this.#endedByItself();
    this.#watchLoad();
  }

  /** Of which it takes attempts. */
  get handlers(): ReadonlyMap<string, HandlerSummary> {
    return this.#handlers;
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** How long it has failed to answer, ms. */
  get deafMs(): number {
    if (this.#unansweredSinceMs === undefined) return 0;
    const silentMs = performance.now() - this.#unansweredSinceMs;
    // A thread that is merely busy answers within a round or two.
    return silentMs > 2 * this.#options.limits.pingMs ? silentMs : 0;
  }

  start(task: ClaimedTask, reports: Reports): Attempt {
    const n = ++this.#lastN;
    const { promise: outcome, resolve: end } = Promise.withResolvers<Ended>();
    const attempt: RunningAttempt = { task, reports, reason: undefined, timers: [], end };
    this.#running.set(n, attempt);
    const timeoutMs = this.#timeoutOf(task);
    const { abortMs, pingMs } = this.#options.limits;
    // The thread keeps the time itself; this is for when it can't.
    if (timeoutMs !== undefined) this.#giveUpAfter(n, attempt, timeoutMs + abortMs, "timed-out");
    // Those that start in one turn of the event loop go in one message.
    if (this.#starting.push({ n, task }) === 1) queueMicrotask(() => this.#sendStarting());
    this.#pingTimer ??= setTimeout(() => this.#ping(), pingMs);
    return { task, outcome, abort: (reason) => this.#abort(n, reason) };
  }

  /**
   * By the schemas of the handlers in it. What it can't say in time passes, and at once while it is deaf.
   * @throws PayloadRefused
   */
  async checkPayloads(tasks: readonly NamedPayload[]): Promise<void> {
    if (this.deafMs > 0) return;
    const n = ++this.#lastN;
    const { promise, resolve } = Promise.withResolvers<Refused>();
    this.#checks.set(n, resolve);
    const timer = setTimeout(() => resolve(undefined), this.#options.limits.checkMs);
    // Those of one turn of the event loop, of as many callers, go in one message: it costs more than they do.
    if (this.#checking.push({ n, tasks: tasks.map(({ name, payload }) => ({ name, payload })) }) === 1)
      setImmediate(() => this.#sendChecking());
    const refused = await promise;
    clearTimeout(timer);
    this.#checks.delete(n);
    if (refused === undefined) return;
    const { index, fault } = refused;
    throw new PayloadRefused(index, tasks[index]?.name ?? "", fault);
  }

  /** Nothing may run in it any more. */
  terminate(): void {
    const { thread } = this.#options;
    clearTimeout(this.#loadTimer);
    clearTimeout(this.#pingTimer);
    thread.onMessage = () => {};
    thread.onEnd = () => {};
    thread.terminate();
    this.#starting = [];
    this.#checking = [];
    for (const resolve of this.#checks.values()) resolve(undefined);
  }

  #timeoutOf(task: ClaimedTask): number | undefined {
    return task.timeoutMs ?? this.#handlers.get(task.name)?.timeoutMs;
  }

  #sendChecking(): void {
    if (this.#checking.length > 0)
      this.#options.thread.send({ kind: "check", checks: this.#checking.splice(0) });
  }

  #sendStarting(): void {
    if (this.#starting.length > 0)
      this.#options.thread.send({ kind: "start", attempts: this.#starting.splice(0) });
  }

  #abort(n: number, reason: AbortReason): void {
    const attempt = this.#running.get(n);
    if (attempt === undefined || attempt.reason !== undefined) return;
    attempt.reason = reason;
    const { thread, limits } = this.#options;
    thread.send({ kind: "abort", n, reason });
    this.#giveUpAfter(n, attempt, limits.abortMs, reason);
  }

  #giveUpAfter(n: number, attempt: RunningAttempt, ms: number, reason: AbortReason): void {
    attempt.timers.push(
      setTimeout(() => {
        if (!this.#running.has(n)) return;
        attempt.reason ??= reason;
        this.#lose(`${attempt.task.name} (task ${attempt.task.id}) does not let go of it`, "given-back");
      }, ms),
    );
  }

  #watchLoad(): void {
    clearTimeout(this.#loadTimer);
    const { loadMs } = this.#options.limits;
    const giveUp = () => {
      this.#loseAtImport(
        "it did not start",
        `is not imported within ${loadMs} ms and blocks the handlers' thread`,
      );
    };
    // After a freeze of the whole process the timer is late, and what the thread has said is still to be heard.
    this.#loadTimer = setTimeout(() => {
      this.#loadTimer = setTimeout(giveUp, loadMs / 2);
    }, loadMs / 2);
  }

  #endedByItself(): void {
    this.#loseAtImport("it ended by itself", "ended the handlers' thread when it was imported");
  }

  /** @param blame what the file that is being imported, if one is, has done. */
  #loseAtImport(why: string, blame: string): void {
    const file = this.#file;
    this.#lose(why, "errored", file === undefined ? undefined : { file, message: `${file}: ${blame}` });
  }

  #ping(): void {
    this.#pingTimer = undefined;
    if (this.#running.size === 0) return;
    const { thread, limits } = this.#options;
    this.#unansweredSinceMs ??= performance.now();
    thread.send({ kind: "ping" });
    this.#pingTimer = setTimeout(() => this.#ping(), limits.pingMs);
  }

  #hear(message: FromThread): void {
    this.#unansweredSinceMs = undefined;
    const { emit, onLoaded } = this.#options;
    switch (message.kind) {
      case "loading":
        this.#file = message.file;
        this.#watchLoad();
        break;
      case "loaded":
        this.#file = undefined;
        clearTimeout(this.#loadTimer);
        this.#handlers = new Map(message.handlers.map((handler) => [handler.name, handler]));
        onLoaded(message);
        break;
      case "ended":
        for (const { n, outcome, abandoned } of message.attempts) this.#end(n, outcome, abandoned);
        break;
      case "checked":
        for (const { n, refused } of message.checked) this.#checks.get(n)?.(refused);
        break;
      case "log":
        this.#running.get(message.n)?.reports.log(message.message, message.fields);
        break;
      case "progress":
        this.#running.get(message.n)?.reports.progress(message.fraction, message.message);
        break;
      case "done":
        emit(message.event);
        break;
      case "fault":
        emit({ kind: "handler-fault", message: message.message });
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
    if (this.#running.size === 0) this.#options.onIdle();
  }

  /** @param others what becomes of attempts that were not being aborted: they may have ended the thread, or not. */
  #lose(why: string, others: "errored" | "given-back", blame?: HandlerFault | undefined): void {
    this.terminate();
    this.#options.onLost(why, this.#running.size, blame);
    const error = { message: `the handlers' thread was replaced: ${why}`, stack: null };
    for (const [n, { reason, task }] of [...this.#running]) {
      if (reason !== undefined) this.#end(n, outcomeOfAbort(reason, this.#timeoutOf(task)), true);
      else this.#end(n, others === "errored" ? { kind: "errored", error } : { kind: "given-back" }, true);
    }
  }
}
