/**
 * Tells the engine's events to the log: of many successes at once only how many there were. The words of a line are
 * `event-lines.ts`'s.
 */
import type { EngineEvent } from "../task/events.ts";
import { lineOf } from "./event-lines.ts";
import type { LeveledLogger } from "./logger.ts";

/** Successes told one by one within a second; the others are counted until it is over. */
const mostASecond = 100;
const second = 1_000;

export class EventLog {
  readonly #logger: LeveledLogger;
  #told = 0;
  /** By the task's name. */
  readonly #untold = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(logger: LeveledLogger) {
    this.#logger = logger;
  }

  take(event: EngineEvent): void {
    // Most of what a busy worker emits, and built in vain.
    if (event.kind === "started" && this.#logger.level !== "debug") return;
    if (event.kind === "succeeded" && !this.#mayTell(event.task.name)) return;
    if (event.kind === "worker-stopped") this.#tellRest();
    const { level, message, fields } = lineOf(event);
    this.#logger[level](message, fields);
  }

  #mayTell(name: string): boolean {
    if (this.#logger.level === "debug") return true;
    this.#timer ??= setTimeout(() => this.#tellRest(), second);
    if (++this.#told <= mostASecond) return true;
    this.#untold.set(name, (this.#untold.get(name) ?? 0) + 1);
    return false;
  }

  #tellRest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#told = 0;
    for (const [name, count] of this.#untold) this.#logger.info("more tasks succeeded", { name, count });
    this.#untold.clear();
  }
}
