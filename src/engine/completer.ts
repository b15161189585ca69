/**
 * Stores what attempts came to, many at once: while one statement is under way the next outcomes gather, and a moment longer
 * where tasks end quickly; so a busy worker batches and an idle one never waits. Loses none while the database is away.
 */
import { type Completed, type Completion, completeTasks } from "../store/attempt/complete.ts";
import type { Report } from "../store/attempt/reports.ts";
import type { Store } from "../store/connection.ts";
import type { Ended } from "../store/waits/release.ts";
import type { EmitEvent, TaskEvent, TaskReference } from "../task/events.ts";
import type { Outcome } from "../task/outcome.ts";
import { settle } from "../task/settle.ts";
import type { ClaimedTask } from "../task/task.ts";
import type { ToPlain } from "../task/task-log.ts";
import { type Loop, startLoop } from "./loop.ts";
import { Patience } from "./patience.ts";

/** What an attempt came to. */
export interface Ending {
  outcome: Outcome;
  /** Between its claim and its start. */
  waitedMs: number;
  durationMs: number;
  /** What it told last. */
  report?: Report;
}

interface Told extends Ending {
  workerId: number;
  task: ClaimedTask;
  started: boolean;
  completion: Completion;
}

export interface CompleterOptions {
  store: Store;
  emit: EmitEvent;
  /** What is stored of an error goes through it, so that no secret is. */
  toPlain: ToPlain;
  /** The back-off of a handler, for tasks that have none of their own. */
  backoffOf: (name: string) => string | undefined;
  /** Many more outcomes are about to come. */
  isBusy: () => boolean;
  /** How long a busy worker's outcomes gather, at the least. */
  gatherMs?: number;
  /** A task went back to pending and is to run again in `delayMs`. */
  onReturned: (delayMs: number) => void;
  /** These have ended for good, stored. */
  onEnded: (ended: Ended[]) => void;
}

/** One statement's bound. */
const mostAtOnce = 500;
/** A statement costs as much by itself as 50 to 100 outcomes do in it. */
const worthIt = 250;
/** How long fewer gather. */
const leastGatherMs = 50;
const mostGatherMs = 250;

export class Completer {
  readonly #options: CompleterOptions;
  readonly #patience: Patience;
  #waiting: Told[] = [];
  #gathering: Timer | undefined;
  #flushed: (() => void)[] = [];
  readonly #loop: Loop;

  constructor(options: CompleterOptions) {
    this.#options = options;
    this.#patience = new Patience(options.gatherMs ?? leastGatherMs, mostGatherMs);
    this.#loop = startLoop("completer", () => this.runOnce(), options.emit);
  }

  /** @param workerId the one under which the task was claimed. */
  complete(workerId: number, task: ClaimedTask, ending: Ending): void {
    this.#tell(workerId, task, ending, true);
  }

  /** A claimed task that has not started is not to. */
  endUnstarted(workerId: number, task: ClaimedTask, kind: "given-back" | "cancelled"): void {
    this.#tell(workerId, task, { outcome: { kind }, waitedMs: 0, durationMs: 0 }, false);
  }

  #tell(workerId: number, task: ClaimedTask, ending: Ending, started: boolean): void {
    const outcome = this.#withoutSecrets(ending.outcome);
    const { id, attempt, maxAttempts, claimedAt } = task;
    const backoff = task.backoff ?? this.#options.backoffOf(task.name);
    const transition = settle({ attempt, maxAttempts, backoff }, outcome, Math.random());
    const fence = transition.to === "pending" && !transition.counted ? { claimedAt } : {};
    const { waitedMs, report } = ending;
    const completion = { id, attempt, transition, report, waitedMs, ...fence };
    this.#waiting.push({ workerId, task, ...ending, outcome, started, completion });
    if (letsOthersStart(task) || !this.#mayGather) this.#loop.wake();
    else this.#gathering ??= setTimeout(() => this.#loop.wake(), this.#patience.ms);
  }

  get #mayGather(): boolean {
    return this.#waiting.length < worthIt && this.#options.isBusy();
  }

  #withoutSecrets(outcome: Outcome): Outcome {
    if (!("error" in outcome)) return outcome;
    const { message, stack } = outcome.error;
    const clean = (text: string) => String(this.#options.toPlain(text));
    return { ...outcome, error: { message: clean(message), stack: stack === null ? null : clean(stack) } };
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Of tasks whose outcome is not stored yet, for all that is known here. */
  waitingIds(): number[] {
    return this.#waiting.map(({ task }) => task.id);
  }

  async runOnce(): Promise<number> {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const [first] = this.#waiting;
    if (first !== undefined) {
      const round = nextRound(this.#waiting, first.workerId);
      const startedAtMs = performance.now();
      const completed = await completeTasks(
        this.#options.store,
        first.workerId,
        round.map((ended) => ended.completion),
      );
      this.#patience.took(performance.now() - startedAtMs);
      const done = new Set(round);
      this.#waiting = this.#waiting.filter((ended) => !done.has(ended));
      this.#tellStored(round, completed);
    }
    if (this.#waiting.length > 0) return this.#mayGather ? this.#patience.ms : 0;
    for (const resolve of this.#flushed.splice(0)) resolve();
    return Number.POSITIVE_INFINITY;
  }

  /** Apart from the round: within an async function this loop took the compiler 200 ms, a fifth of all its work for a worker. */
  #tellStored(round: readonly Told[], completed: readonly Completed[]): void {
    const { store, emit, onReturned, onEnded } = this.#options;
    const states = new Map(completed.map(({ id, state }) => [id, state]));
    const ended: Ended[] = [];
    for (const told of round) {
      const { id, batchId } = told.task;
      const state = states.get(id);
      // Nobody has heard of one that was claimed ahead: its going back is no news.
      if (told.started || told.outcome.kind !== "given-back") emit(eventOf(told, state));
      const { transition } = told.completion;
      if (state === "pending" && transition.to === "pending") onReturned(transition.delayMs);
      if (state !== undefined && state !== "pending") ended.push({ id, state, batchId });
    }
    if (ended.length > 0) onEnded(ended);
    if (round.some(({ task }) => letsOthersStart(task))) store.announcer.announce({ kind: "due" });
  }

  /** Resolves when nothing waits; does not while the database stays away, so bound it. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#flushed.push(resolve);
      this.#loop.wake();
    });
  }

  get lateMs(): number {
    return this.#loop.lateMs;
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }
}

/** Its end may, here or elsewhere: so that end is not kept waiting. */
const letsOthersStart = ({ holdsSlot, serialKey }: ClaimedTask) => holdsSlot || serialKey !== null;

/**
 * After a lost lease two worker ids may wait here; a statement is guarded by one. And where an answer was lost, two
 * attempts of one task: each is answered for itself.
 */
function nextRound(waiting: Told[], workerId: number): Told[] {
  const ids = new Set<number>();
  return waiting
    .filter((ended) => {
      const taken = ended.workerId === workerId && !ids.has(ended.task.id);
      if (taken) ids.add(ended.task.id);
      return taken;
    })
    .slice(0, mostAtOnce);
}

/** @param state what the task is now; undefined: the store refused the outcome. */
function eventOf(
  { task, outcome, durationMs, completion }: Told,
  state: Completed["state"] | undefined,
): TaskEvent {
  const reference = referTo(task);
  const { transition } = completion;
  const message = transition.error?.message ?? "";
  if (state === undefined) return { kind: "refused", task: reference, durationMs };
  if (state === "failed") return { kind: "failed", task: reference, durationMs, message };
  if (state !== "pending") return { kind: state, task: reference, durationMs };
  if (outcome.kind === "given-back") return { kind: "given-back", task: reference, durationMs };
  const delayMs = transition.to === "pending" ? transition.delayMs : 0;
  if (outcome.kind === "snoozed") return { kind: "snoozed", task: reference, durationMs, delayMs };
  return { kind: "errored", task: reference, durationMs, message, delayMs };
}

/** What an event says of a task. */
export function referTo(task: ClaimedTask): TaskReference {
  return { id: task.id, name: task.name, queue: task.queue, attempt: task.attempt };
}
