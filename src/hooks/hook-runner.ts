/**
 * Tells the operator's hooks of what the engine emits, from outside the thread that they run in: taking an event costs
 * the engine a filter and a push, and a thread that is blocked is replaced. The calls themselves are `hook-calls.ts`'s.
 */
import type { ThreadOf } from "../handlers/thread.ts";
import { OperatorError } from "../task/errors.ts";
import type { EngineEvent } from "../task/events.ts";
import { type Moment, type MomentKind, momentsOf } from "../task/life.ts";
import type { FromHooks, HookFault, ToHooks } from "./hook-messages.ts";

/** A thread of `hook-thread.ts`, as this side sees it. */
export type HookThread = ThreadOf<ToHooks, FromHooks>;

export interface HookRunnerOptions {
  /** Absolute. */
  path: string;
  spawn: () => HookThread;
  onFault: (fault: HookFault) => void;
  limits?: HookLimits;
}

export interface HookLimits {
  /** How long the import of the file may take. */
  importMs: number;
  /** How long one call may take. */
  callMs: number;
  /** A thread that is silent for so long beyond a call's limit is blocked, and replaced. */
  blockedMs: number;
  /** Moments that wait for slow hooks; further ones are dropped. */
  mostWaiting: number;
}

const defaultLimits: HookLimits = { importMs: 10_000, callMs: 10_000, blockedMs: 5_000, mostWaiting: 10_000 };
/** Told at once: what a blocked thread takes along is bounded by it. */
const mostUnderWay = 64;
const restartMs = 1_000;

export class HookRunner {
  readonly #options: HookRunnerOptions;
  readonly #limits: HookLimits;
  #thread: HookThread | undefined;
  /** The thread has its hooks; what it is told before is lost. */
  #loaded = false;
  #listens = new Set<MomentKind>();
  #waiting: Moment[] = [];
  #underWay = 0;
  #dropped = 0;
  #watch: Timer | undefined;
  #restart: Timer | undefined;
  #onIdle: (() => void)[] = [];

  private constructor(options: HookRunnerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
  }

  /** @throws OperatorError "config" for a file that can't be used. */
  static async start(options: HookRunnerOptions): Promise<HookRunner> {
    const runner = new HookRunner(options);
    const refusal = await runner.#load();
    if (refusal === undefined) return runner;
    await runner.stop(0);
    throw new OperatorError("config", `hooks: ${refusal}`, {
      hint: "correct the file, or run without --hooks",
    });
  }

  /** The subscriber. Never throws, never waits. */
  take(event: EngineEvent): void {
    for (const moment of momentsOf(event, new Date())) {
      if (!this.#listens.has(moment.kind)) continue;
      if (this.#waiting.length < this.#limits.mostWaiting) this.#waiting.push(moment);
      else if (this.#dropped++ === 0) this.#fault("the hooks are too slow: events are dropped");
    }
    this.#sendMore();
  }

  /** Waits until all is told, `limitMs` at the most, then ends the thread. */
  async stop(limitMs: number): Promise<void> {
    if (this.#underWay + this.#waiting.length > 0 && limitMs > 0) {
      const idle = new Promise<void>((resolve) => this.#onIdle.push(resolve));
      const { promise: timeUp, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, limitMs);
      await Promise.race([idle, timeUp]);
      clearTimeout(timer);
    }
    const untold = this.#underWay + this.#waiting.length;
    if (untold > 0) this.#fault(`${untold} events were not told: the worker stops`);
    clearTimeout(this.#watch);
    clearTimeout(this.#restart);
    this.#endThread();
  }

  /** @returns why the file is refused, if it is. */
  #load(): Promise<string | undefined> {
    const { spawn, path } = this.#options;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const thread = spawn();
    this.#thread = thread;
    this.#loaded = false;
    const { importMs, callMs: limitMs } = this.#limits;
    const timer = setTimeout(
      () => resolve(`${path}: its import did not end within ${importMs} ms`),
      importMs,
    );
    thread.onMessage = (message) => {
      if (message.kind === "loaded") {
        this.#loaded = true;
        this.#listens = new Set(message.listens);
        resolve(undefined);
        this.#sendMore();
      } else if (message.kind === "refused") resolve(message.message);
      else this.#hear(message);
    };
    thread.onEnd = () => {
      if (this.#loaded) this.#replace("they ended their own thread");
      else resolve(`${path}: it ended its own thread`);
    };
    thread.send({ kind: "load", path, limitMs });
    return promise.finally(() => clearTimeout(timer));
  }

  #hear(message: Extract<FromHooks, { kind: "done" | "fault" }>): void {
    if (message.kind === "fault") this.#options.onFault(message.fault);
    else this.#underWay -= 1;
    this.#watchAgain();
    this.#sendMore();
  }

  #sendMore(): void {
    const thread = this.#thread;
    if (thread === undefined || !this.#loaded) return;
    const room = mostUnderWay - this.#underWay;
    if (room > 0 && this.#waiting.length > 0) {
      for (const moment of this.#waiting.splice(0, room)) {
        this.#underWay += 1;
        thread.send({ kind: "moment", moment });
      }
      this.#watchAgain();
    }
    if (this.#waiting.length < this.#limits.mostWaiting / 2) this.#dropped = 0;
    if (this.#underWay > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Calls that merely take long are given up by the thread itself, which says so: only a blocked one is silent. */
  #watchAgain(): void {
    clearTimeout(this.#watch);
    if (this.#underWay === 0) return;
    const { callMs, blockedMs } = this.#limits;
    this.#watch = setTimeout(
      () => {
        // After a freeze of the whole process the timer is late, and what the thread has said is still to be heard.
        this.#watch = setTimeout(() => this.#replace("they block their thread"), blockedMs / 2);
      },
      callMs + blockedMs / 2,
    );
  }

  #replace(why: string): void {
    this.#endThread();
    const lost = this.#underWay > 0 ? `; events lost: ${this.#underWay}` : "";
    this.#underWay = 0;
    this.#fault(`${why}${lost}; they are started again`);
    this.#restart = setTimeout(async () => {
      const refusal = await this.#load();
      if (refusal === undefined) return;
      this.#endThread();
      this.#listens.clear();
      this.#waiting = [];
      this.#fault(`${refusal}; no hook is called any more`);
    }, restartMs);
  }

  #endThread(): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#thread = undefined;
    this.#loaded = false;
    thread.onEnd = () => {};
    thread.onMessage = () => {};
    thread.terminate();
    clearTimeout(this.#watch);
  }

  #fault(message: string): void {
    this.#options.onFault({ message });
  }
}
