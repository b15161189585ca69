/** The level of the log while the worker runs: changed for good, or for a while. The doors to it are `http/log-level.ts`. */
import type { LogLevel } from "./log-entry.ts";

export interface LevelReading {
  level: LogLevel;
  /** The one to go back to. */
  configured: LogLevel;
  /** When it goes back by itself; null: not. */
  until: Date | null;
}

export class LevelSwitch {
  readonly #logger: { level: LogLevel };
  readonly #configured: LogLevel;
  #until: Date | null = null;
  #timer: Timer | undefined;

  constructor(logger: { level: LogLevel }) {
    this.#logger = logger;
    this.#configured = logger.level;
  }

  read(): LevelReading {
    return { level: this.#logger.level, configured: this.#configured, until: this.#until };
  }

  /** @param forMs after it the configured level is back; undefined: it stays until the worker ends. */
  set(level: LogLevel, forMs: number | undefined): LevelReading {
    clearTimeout(this.#timer);
    this.#logger.level = level;
    this.#until = forMs === undefined ? null : new Date(Date.now() + forMs);
    if (forMs !== undefined) {
      this.#timer = setTimeout(() => this.set(this.#configured, undefined), forMs);
      this.#timer.unref();
    }
    return this.read();
  }
}
