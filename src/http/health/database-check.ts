/**
 * Asks the database how it is, for all who want to know at once: bounded in time, one question at a time, and
 * the answer shared. What follows from the answer is `health.ts`'s affair.
 */
import {
  driverCodeOf,
  isUnavailable,
  readOnlyWords,
  type Store,
  unavailableWords,
} from "../../store/connection.ts";
import { type Figures, readFigures } from "../../store/figures.ts";

export type DatabaseReading = { at: Date; elapsedMs: number } & (
  | { ok: true; figures: Figures }
  /** `fault` is fit for anybody: no URL, no SQL. */
  | { ok: false; fault: string }
);

export interface CheckLimits {
  /** A database that takes longer counts as gone. */
  answerMs: number;
  /** However many ask, the database is asked this seldom. */
  reuseMs: number;
  /** A question that hangs on a dead connection is given up, else the check would never see the database return. */
  abandonMs: number;
}

const defaultLimits: CheckLimits = { answerMs: 2_000, reuseMs: 1_000, abandonMs: 30_000 };

export class DatabaseCheck {
  readonly #store: Store;
  readonly #limits: CheckLimits;
  #question: { askedAtMs: number; answer: Promise<Figures> } | undefined;
  #reading: Promise<DatabaseReading> | undefined;
  #staleAtMs = 0;

  constructor(store: Store, limits = defaultLimits) {
    this.#store = store;
    this.#limits = limits;
  }

  /** Never rejects. At most `reuseMs` old when asked for, and there within `answerMs`. */
  read(): Promise<DatabaseReading> {
    if (this.#reading === undefined || performance.now() >= this.#staleAtMs) {
      this.#staleAtMs = Number.POSITIVE_INFINITY;
      this.#reading = this.#read().finally(() => {
        this.#staleAtMs = performance.now() + this.#limits.reuseMs;
      });
    }
    return this.#reading;
  }

  async #read(): Promise<DatabaseReading> {
    const { answerMs } = this.#limits;
    const at = new Date();
    const startedMs = performance.now();
    const elapsedMs = () => Math.round((performance.now() - startedMs) * 10) / 10;
    let timer: Timer | undefined;
    const timeUp = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), answerMs);
    });
    try {
      const figures = await Promise.race([this.#ask(), timeUp]);
      if (figures?.readOnly)
        return { at, elapsedMs: elapsedMs(), ok: false, fault: `the database ${readOnlyWords}` };
      if (figures !== undefined) return { at, elapsedMs: elapsedMs(), ok: true, figures };
      return {
        at,
        elapsedMs: elapsedMs(),
        ok: false,
        fault: `the database did not answer within ${answerMs} ms`,
      };
    } catch (error) {
      return { at, elapsedMs: elapsedMs(), ok: false, fault: describeFault(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Joins a question that is still open: a hung database must not eat one connection of the pool after another. */
  #ask(): Promise<Figures> {
    const open = this.#question;
    if (open !== undefined && performance.now() - open.askedAtMs < this.#limits.abandonMs) return open.answer;
    const question = { askedAtMs: performance.now(), answer: readFigures(this.#store) };
    this.#question = question;
    const settled = () => {
      if (this.#question === question) this.#question = undefined;
    };
    question.answer.then(settled, settled);
    return question.answer;
  }
}

function describeFault(error: unknown): string {
  if (isUnavailable(error)) return `the database ${unavailableWords(error)}`;
  if (driverCodeOf(error) === "42P01") return "the database holds no tasks yet: its migrations are to come";
  return `the database refused the question (${driverCodeOf(error) ?? "no code"})`;
}
