/**
 * Carries out what `task/settle.ts` decided for attempts that ended. Guarded by the fencing token (id, attempt,
 * worker): a worker that has lost a task changes nothing.
 */
import type { Transition } from "../../task/settle.ts";
import type { TaskState } from "../../task/task.ts";
import { arrayLiteral } from "../array-literal.ts";
import type { Store } from "../connection.ts";
import { endedValues, keptColumns, withError, withLines } from "../fragments.ts";
import type { Sql } from "../sql.ts";
import { insertNextRuns } from "./repeat.ts";
import { linesText, progressText, type Report } from "./reports.ts";

export interface Completion {
  id: number;
  attempt: number;
  /** `ClaimedTask.claimedAt`. For a transition that takes the attempt back; otherwise `attempt` is fence enough. */
  claimedAt?: string;
  /** How long it waited between its claim and its start, ms. */
  waitedMs?: number;
  transition: Transition;
  /** What the attempt told last and may not have had written. */
  report?: Report | undefined;
}

export interface Completed {
  id: number;
  /** As the transition says, but cancelled where it would have waited and somebody has asked for the cancel. */
  state: Exclude<TaskState, "running">;
}

type Of<To extends Transition["to"]> = Completion & { transition: Extract<Transition, { to: To }> };

/**
 * Completes many at once.
 * @returns a row for each that was still this worker's; the others were refused, and nothing of theirs was changed.
 */
export async function completeTasks(
  store: Store,
  workerId: number,
  completions: Completion[],
): Promise<Completed[]> {
  // In the order of ids: whoever else locks many running tasks does so too (see `enqueue-once.ts`).
  const ordered = completions.toSorted((a, b) => a.id - b.id);
  const finished = ordered.filter((c): c is Of<"finished"> => c.transition.to === "finished");
  const waiting = ordered.filter((c): c is Of<"pending"> => c.transition.to === "pending");
  const flushed = store.flushes.flushing();
  const [ended, returned] = await Promise.all([
    finished.length > 0 ? finishTasks(store, workerId, finished) : [],
    waiting.length > 0 ? returnTasks(store.hot, workerId, waiting) : [],
  ]);
  const completed = [...ended, ...returned];
  if (completed.length > 0) flushed();
  return completed;
}

/**
 * One statement moves a row from the hot table to the history, so it is never in both and never in neither, and
 * enqueues the next run of a task that repeats, so that run is neither lost nor doubled. Only a success of a queue that
 * keeps none leaves no row, unless others count on it: its batch, or who waits for it.
 */
async function finishTasks(
  store: Store,
  workerId: number,
  completions: Of<"finished">[],
): Promise<Completed[]> {
  const { hot: sql } = store;
  const column = columnsOf(completions);
  const errors = withError(sql, sql`message`, sql`stack`);
  const [told] = await sql<{ refused: number[] | null; repeats: boolean }[]>`
    with settled as (
      select * from unnest(
        ${column((c) => c.id)}::bigint[], ${column((c) => c.attempt)}::int[],
        ${column((c) => c.transition.state)}::text[], ${column((c) => toJson(c.transition.result))}::text[],
        ${column((c) => c.transition.error?.message ?? null)}::text[],
        ${column((c) => c.transition.error?.stack ?? null)}::text[],
        ${column((c) => progressText(c.report))}::text[], ${column((c) => linesText(c.report))}::text[],
        ${column(waitedOf)}::int[]
      ) as s (id, attempt, state, result, message, stack, report_progress, report_lines, waited_ms)
    ), gone as (
      delete from fiscaut_tasks.task t using settled s
      where t.id = s.id and t.attempt = s.attempt and t.worker_id = ${workerId}
      returning t.*, s.state, s.result, s.message, s.stack, s.report_progress, s.report_lines, s.waited_ms
    ), next_run as (${insertNextRuns(sql)}
    ), kept as (
      insert into fiscaut_tasks.task_history
        (${keptColumns(sql)}, state, errors, result)
      select ${endedValues(sql)}, state, ${errors}, result::jsonb
      from gone
      where state <> 'succeeded' or batch_id is not null or keep
        or queue <> all(array(select name from fiscaut_tasks.queue where history = 'failures'))
      returning id
    )
    select exists (select 1 from next_run) as repeats,
      case when (select count(*) from kept) < (select count(*) from settled)
        then array(select id from settled except select id from gone) end as refused`;
  if (told?.repeats) store.announcer.announce({ kind: "future" });
  const refused = new Set(told?.refused?.map(Number));
  return completions
    .filter(({ id }) => !refused.has(id))
    .map(({ id, transition }) => ({ id, state: transition.state }));
}

/**
 * Back among the pending: after an error with its delay, or given back with the attempt uncounted. Its progress goes,
 * for the next attempt begins anew; its lines stay. One whose cancel
 * was asked for too late to abort it is cancelled instead of run again, and so is one that an equal task has
 * superseded (see `enqueue-once.ts`).
 * Where the attempt is taken back, the same worker may claim the task as the same attempt again: a statement that is
 * repeated because its answer was lost must not return that one too, so there the instant of the claim guards as well.
 */
function returnTasks(sql: Sql, workerId: number, completions: Of<"pending">[]) {
  const column = columnsOf(completions);
  const errors = withError(sql, sql`message`, sql`stack`);
  return sql<Completed[]>`
    with settled as (
      select * from unnest(
        ${column((c) => c.id)}::bigint[], ${column((c) => c.attempt)}::int[],
        ${column((c) => c.transition.delayMs)}::float8[], ${column((c) => (c.transition.counted ? 0 : 1))}::int[],
        ${column((c) => c.claimedAt ?? null)}::text[],
        ${column((c) => c.transition.error?.message ?? null)}::text[],
        ${column((c) => c.transition.error?.stack ?? null)}::text[],
        ${column((c) => progressText(c.report))}::text[], ${column((c) => linesText(c.report))}::text[],
        ${column(waitedOf)}::int[]
      ) as s (id, fence, delay_ms, uncounted, claimed_at, message, stack, report_progress, report_lines, waited_ms)
    ), returned as (
      update fiscaut_tasks.task t
      set worker_id = null, started_at = null, progress = null,
          due = s.delay_ms = 0,
          run_at = case when s.delay_ms = 0 then t.run_at else now() + s.delay_ms * interval '1 ms' end,
          attempt = t.attempt - s.uncounted,
          ahead = case when s.uncounted = 1 then t.ahead end,
          errors = ${errors},
          log = ${withLines(sql, "t.log", "s.report_lines")}
      from settled s
      where t.id = s.id and t.attempt = s.fence and t.worker_id = ${workerId}
        and (s.claimed_at is null or t.started_at = s.claimed_at::timestamptz)
        and not t.cancel_requested and t.superseded is not true
      returning t.id
    ), gone as (
      delete from fiscaut_tasks.task t using settled s
      where t.id = s.id and t.attempt = s.fence and t.worker_id = ${workerId}
        and (s.claimed_at is null or t.started_at = s.claimed_at::timestamptz)
        and (t.cancel_requested or t.superseded)
      returning t.*, s.message, s.stack, s.report_progress, s.report_lines, s.waited_ms
    ), cancelled as (
      insert into fiscaut_tasks.task_history (${keptColumns(sql)}, state, errors)
      select ${endedValues(sql)}, 'cancelled', ${errors} from gone
      returning id
    )
    select id, 'pending' as state from returned union all select id, 'cancelled' from cancelled`;
}

/** Values of each of them, as the parameter of a statement. */
const columnsOf =
  <Each extends Completion>(completions: readonly Each[]) =>
  (read: (completion: Each) => string | number | null) =>
    arrayLiteral(completions.map(read));

const waitedOf = ({ waitedMs = 0 }: Completion) => Math.round(waitedMs);

/** undefined and null are both "no result". */
function toJson(result: unknown): string | null {
  return result === undefined || result === null ? null : JSON.stringify(result);
}
