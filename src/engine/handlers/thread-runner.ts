/**
 * Runs handlers in a thread of their own, so that one that spins or blocks stops neither heartbeat nor health nor
 * time-outs: starts it, replaces it when it is lost, and puts one with newly read files in its place. What goes on in
 * one thread is `attempt-thread.ts`'s affair.
 */
import type { HandlerFault } from "../../handlers/load-handlers.ts";
import { type NamedPayload, PayloadRefused } from "../../handlers/payload.ts";
import type { EmitEvent } from "../../task/events.ts";
import type { ClaimedTask } from "../../task/task.ts";
import type { Attempt } from "./attempt.ts";
import { AttemptThread, defaultThreadLimits, type Thread, type ThreadLimits } from "./attempt-thread.ts";
import type { HandlerRunner, Reports } from "./runner.ts";
import type { HandlerSummary, LoadedThread } from "./thread-messages.ts";

export interface ThreadRunnerOptions {
  /** @param skip files that it is not to import. */
  spawn: (skip: readonly HandlerFault[]) => Thread;
  emit: EmitEvent;
  /** `names` may be others now. */
  onLoaded?: () => void;
  limits?: Partial<Limits>;
}

export interface Limits extends ThreadLimits {
  /** Threads are started at least this far apart, unless somebody asks for another. */
  respawnMs: number;
}

export class ThreadRunner implements HandlerRunner {
  readonly #options: ThreadRunnerOptions;
  readonly #limits: Limits;
  /** Takes attempts. */
  #current: AttemptThread | undefined;
  /** Imports the handlers, and takes the current one's place then. */
  #next: AttemptThread | undefined;
  /** What runs in them may end; then they are ended. */
  readonly #retired = new Set<AttemptThread>();
  /** Also handlers that are gone: what they have left running still comes to an outcome. */
  readonly #known = new Map<string, HandlerSummary>();
  /** Files that have blocked a thread, or ended it. */
  #skip: HandlerFault[] = [];
  #faults: HandlerFault[] = [];
  /** Names of the operator's own, as they were told last; undefined: tell them again. */
  #own: string | undefined = "";
  #spawnedAtMs = 0;
  #deafSinceMs = performance.now();
  #respawnTimer: Timer | undefined;
  /** The files as they are to be read now. */
  #loaded = Promise.withResolvers<void>();

  constructor(options: ThreadRunnerOptions) {
    this.#options = options;
    this.#limits = { ...defaultThreadLimits, respawnMs: 1_000, ...options.limits };
    this.#spawn();
  }

  /** None before the thread has said what it has. */
  get names(): string[] {
    return [...(this.#current?.handlers.keys() ?? [])];
  }

  get deafMs(): number {
    if (this.#current !== undefined) return this.#current.deafMs;
    return Math.max(1, performance.now() - this.#deafSinceMs);
  }

  /** The handler's own, where the task gives none. */
  backoffOf(name: string): string | undefined {
    return this.#known.get(name)?.backoff;
  }

  /** Waits until the handlers are there as they were asked for last, `limitMs` at the most: they may still come later. */
  async ready(limitMs: number): Promise<void> {
    const { promise: timeUp, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    await Promise.race([this.#loaded.promise, timeUp]);
    clearTimeout(timer);
  }

  start(task: ClaimedTask, reports: Reports): Attempt {
    // Claimed while the thread that has its handler was lost or replaced.
    if (!this.#current?.handlers.has(task.name))
      return {
        task,
        abort: () => {},
        outcome: Promise.resolve({ outcome: { kind: "given-back" }, abandoned: false }),
      };
    return this.#current.start(task, reports);
  }

  /** By the schemas of the operator's own handlers; without a thread that answers in time, all pass. */
  async checkPayloads(tasks: readonly NamedPayload[]): Promise<void> {
    const thread = this.#current;
    if (thread === undefined) return;
    const asked = tasks.filter(({ name }) => thread.handlers.get(name)?.checks);
    if (asked.length === 0) return;
    await thread.checkPayloads(asked).catch((error: unknown) => {
      const refused = error instanceof PayloadRefused ? asked[error.index] : undefined;
      if (!(error instanceof PayloadRefused) || refused === undefined) throw error;
      throw new PayloadRefused(tasks.indexOf(refused), refused.name, error.fault);
    });
  }

  /** Reads all files again, in a thread of their own; what runs goes on where it is, what comes runs there. */
  reload(): void {
    clearTimeout(this.#respawnTimer);
    this.#next?.terminate();
    const before = this.#loaded;
    this.#loaded = Promise.withResolvers<void>();
    this.#loaded.promise.then(before.resolve);
    // Any of them may have changed.
    this.#skip = [];
    this.#own = undefined;
    this.#spawn();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#respawnTimer);
    for (const thread of [this.#current, this.#next, ...this.#retired]) thread?.terminate();
    this.#current = undefined;
  }

  #spawn(): void {
    this.#spawnedAtMs = performance.now();
    const { spawn, emit } = this.#options;
    const thread: AttemptThread = new AttemptThread({
      thread: spawn(this.#skip),
      limits: this.#limits,
      emit,
      onLoaded: (loaded) => this.#take(thread, loaded),
      onLost: (why, running, blame) => this.#lose(thread, why, running, blame),
      onIdle: () => {
        if (this.#retired.delete(thread)) thread.terminate();
      },
    });
    this.#next = thread;
  }

  #take(thread: AttemptThread, loaded: LoadedThread): void {
    const before = this.#current;
    this.#next = undefined;
    this.#current = thread;
    if (before?.isIdle) before.terminate();
    else if (before !== undefined) this.#retired.add(before);
    for (const handler of loaded.handlers) this.#known.set(handler.name, handler);
    this.#tell(loaded);
    this.#loaded.resolve();
    this.#options.onLoaded?.();
  }

  /** What has not been told yet: a thread that merely replaces another says the same once more. */
  #tell({ handlers, faults }: LoadedThread): void {
    const { emit } = this.#options;
    const names = handlers.filter(({ file }) => file !== undefined).map(({ name }) => name);
    const own = names.join(",");
    if (own !== this.#own) emit({ kind: "handlers-loaded", names });
    this.#own = own;
    const told = new Set(this.#faults.map(({ message }) => message));
    for (const { message } of faults) if (!told.has(message)) emit({ kind: "handler-refused", message });
    this.#faults = faults;
  }

  #lose(thread: AttemptThread, why: string, running: number, blame: HandlerFault | undefined): void {
    if (blame === undefined) this.#options.emit({ kind: "handlers-restarted", reason: why, running });
    else this.#skip.push(blame);
    if (this.#retired.delete(thread)) return;
    if (thread === this.#current) {
      this.#current = undefined;
      this.#deafSinceMs = performance.now();
      // The one that is about to take its place does.
      if (this.#next !== undefined) return;
    }
    this.#next = undefined;
    // One that ends as soon as it starts would be started a thousand times a second.
    const waitMs = Math.max(0, this.#spawnedAtMs + this.#limits.respawnMs - performance.now());
    this.#respawnTimer = setTimeout(() => this.#spawn(), waitMs);
  }
}
