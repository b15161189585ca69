/**
 * Tells the operator's hooks of what a command has done, as the worker does of what it does. Nothing is loaded for a
 * command that does nothing hooks could hear of.
 */
import type { Config } from "../config/settings/settings.ts";
import { HookRunner } from "../hooks/hook-runner.ts";
import { spawnHooks } from "../hooks/spawn-hooks.ts";
import type { Logger } from "../log/logger.ts";
import { OperatorError } from "../task/errors.ts";
import type { DoorEvent } from "../task/events.ts";
import { momentsOf } from "../task/life.ts";

/** How long a command that is done waits for its hooks. */
const limitMs = 5_000;

export class CommandHooks {
  /** undefined: there is none, or it can't be used. */
  #path: string | undefined;
  readonly #warn: (message: string) => void;
  #early: DoorEvent[] = [];
  #starting: Promise<HookRunner | undefined> | undefined;
  #runner: HookRunner | undefined;

  constructor({ hooks }: Pick<Config, "hooks">, logger: Pick<Logger, "warn">) {
    this.#path = hooks;
    this.#warn = (message) => logger.warn(message);
  }

  take(event: DoorEvent): void {
    if (this.#path === undefined || momentsOf(event, new Date()).length === 0) return;
    this.#starting ??= this.#start(this.#path);
    if (this.#runner === undefined) this.#early.push(event);
    else this.#runner.take(event);
  }

  async close(): Promise<void> {
    await (await this.#starting)?.stop(limitMs);
  }

  /** The command is under way: a file that can't be used is told, and stops nothing. */
  async #start(path: string): Promise<HookRunner | undefined> {
    try {
      const onFault = ({ message }: { message: string }) => this.#warn(`hooks: ${message}`);
      this.#runner = await HookRunner.start({ path, spawn: spawnHooks, onFault });
      for (const event of this.#early) this.#runner.take(event);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      this.#path = undefined;
      this.#warn(error.message);
    }
    this.#early = [];
    return this.#runner;
  }
}
