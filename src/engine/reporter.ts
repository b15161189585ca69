/**
 * Keeps what running attempts tell of themselves, log lines and progress, until it is stored: many attempts' at once,
 * and none's more than about once a second. What an attempt's end leaves over goes with its completion, so one that
 * ends quickly costs no statement here.
 */
import { type AttemptReport, type Report, writeReports } from "../store/attempt/reports.ts";
import { instant, type Store } from "../store/connection.ts";
import type { EmitEvent } from "../task/events.ts";
import type { ClaimedTask } from "../task/task.ts";
import { keepLine, keepProgress, keptLines, type ToPlain } from "../task/task-log.ts";
import { referTo } from "./completer.ts";
import type { Reports } from "./handlers/runner.ts";

/**
 * What waits is written in the second round that finds it waiting: within a second, and of a task that tells without end
 * a second's worth at once.
 */
const intervalMs = 500;
/** One statement's bound; together with what a task keeps, also of what it carries. */
const mostAtOnce = 25;

export interface ReporterOptions {
  store: Store;
  emit: EmitEvent;
  toPlain: ToPlain;
  /** Something waits, and no round is to come. */
  onWaiting: () => void;
}

/** Of one attempt. */
export interface OpenReport {
  /** Where its handler tells. */
  readonly reports: Reports;
  /** Ends it. @returns what may not be stored yet, for the completion. */
  close(): Report;
}

interface Unstored extends Report {
  readonly of: Omit<AttemptReport, keyof Report>;
  /** Since when something waits: the last round, or an earlier one. */
  waits: "no" | "newly" | "longer";
}

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #open = new Set<Unstored>();
  #asleep = true;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** For an attempt that starts now, `waitedMs` after its claim. */
  open(workerId: number, task: ClaimedTask, waitedMs: number): OpenReport {
    const { emit, toPlain } = this.#options;
    const { id, attempt, claimedAt } = task;
    const reference = referTo(task);
    const claimedAtMs = performance.now() - waitedMs;
    // Counted on from the database's own instant: what is stored is not told by a worker's clock.
    const readClock = () => new Date(instant(claimedAt).getTime() + performance.now() - claimedAtMs);
    let n = task.lastLine;
    const of = { id, attempt, workerId, claimedAt };
    const unstored: Unstored = { of, lines: [], progress: null, waits: "no" };
    this.#open.add(unstored);
    return {
      reports: {
        log: (message, fields = {}) => {
          emit({ kind: "log", task: reference, message, fields });
          if (!this.#open.has(unstored)) return;
          const at = readClock().toISOString();
          unstored.lines.push({ n: ++n, at, attempt, ...keepLine(message, fields, toPlain) });
          if (unstored.lines.length > keptLines) unstored.lines.shift();
          this.#await(unstored);
        },
        progress: (fraction, message) => {
          const progress = keepProgress(fraction, message, toPlain);
          emit({ kind: "progress", task: reference, progress });
          if (!this.#open.has(unstored)) return;
          unstored.progress = progress;
          this.#await(unstored);
        },
      },
      close: () => {
        this.#open.delete(unstored);
        return { lines: unstored.lines, progress: unstored.progress };
      },
    };
  }

  async runOnce(): Promise<number> {
    const ripe = [...this.#open].filter(({ waits }) => waits === "longer");
    for (let first = 0; first < ripe.length; first += mostAtOnce)
      await this.#write(ripe.slice(first, first + mostAtOnce));
    const waiting = [...this.#open].filter(({ waits }) => waits !== "no");
    for (const unstored of waiting) if (!ripe.includes(unstored)) unstored.waits = "longer";
    // Not right after a write: a wake would begin the rhythm anew.
    this.#asleep = ripe.length === 0 && waiting.length === 0;
    return this.#asleep ? Number.POSITIVE_INFINITY : intervalMs;
  }

  #await(unstored: Unstored): void {
    if (unstored.waits === "no") unstored.waits = "newly";
    if (!this.#asleep) return;
    this.#asleep = false;
    this.#options.onWaiting();
  }

  async #write(some: Unstored[]): Promise<void> {
    const sent = some.map(({ of, lines, progress }) => ({ ...of, lines: [...lines], progress }));
    const stored = await writeReports(this.#options.store, sent);
    sent.forEach(({ id, lines, progress }, index) => {
      const unstored = some[index];
      // Where another has its row locked, or the task is no longer this worker's, it waits on; its end puts an end to it.
      if (unstored === undefined || !stored.has(id)) return;
      const lastN = lines.at(-1)?.n ?? 0;
      unstored.lines = unstored.lines.filter(({ n }) => n > lastN);
      if (unstored.progress === progress) unstored.progress = null;
      unstored.waits = unstored.lines.length > 0 || unstored.progress !== null ? "newly" : "no";
    });
  }
}
