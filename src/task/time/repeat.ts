/**
 * When a repeating task runs next. Pure; `store/attempt/repeat.ts` has the same rule as SQL, where it can be one statement
 * with the end of the run before, and a property test holds the two together.
 */

/** How a task repeats, as it is stored. */
export interface Repeat {
  everyMs: number;
  /** ISO 8601; no run is planned after it. */
  until: string | null;
  /** Goes on after a run that failed for good. Otherwise the chain ends there, as in django-background-tasks. */
  afterFailure: boolean;
}

/** What a new task asks for. */
export function repeatOf(task: {
  repeatMs?: number | undefined;
  repeatUntil?: Date | undefined;
  repeatAfterFailure?: boolean | undefined;
}): Repeat | null {
  if (task.repeatMs === undefined) return null;
  return {
    everyMs: task.repeatMs,
    until: task.repeatUntil?.toISOString() ?? null,
    afterFailure: task.repeatAfterFailure ?? false,
  };
}

/**
 * The planned time plus as many whole periods as bring it to now or later, at least one: retries and a late start do
 * not move the rhythm, and periods already past are left out.
 * @returns undefined when that is after the repeat's end.
 */
export function nextRunAt(repeat: Repeat, plannedAt: Date, now: Date): Date | undefined {
  const periods = Math.max(1, Math.ceil((now.getTime() - plannedAt.getTime()) / repeat.everyMs));
  const next = new Date(plannedAt.getTime() + periods * repeat.everyMs);
  return repeat.until !== null && next > new Date(repeat.until) ? undefined : next;
}
