/**
 * Which tasks a bulk verb takes, as conditions of its statements. How they are walked is `bulk.ts`'s work; lists have
 * their own way in `find.ts`, with the same words.
 */
import type postgres from "postgres";
import type { BulkFilter } from "../../task/doors/filter.ts";
import type { TaskState } from "../../task/task.ts";
import type { Sql } from "../sql.ts";

/** A filter with the states that the verb takes by it. */
export interface Choice extends Omit<BulkFilter, "state"> {
  states: readonly TaskState[];
}

export type Condition = postgres.PendingQuery<postgres.Row[]>;

/** @returns undefined when no live task is meant. */
export function matchLive(sql: Sql, choice: Choice): Condition | undefined {
  const pending = choice.states.includes("pending");
  const running = choice.states.includes("running");
  if (choice.olderThanMs !== undefined || !(pending || running)) return undefined;
  if (pending && running) return matchCommon(sql, choice);
  return sql`worker_id ${pending ? sql`is null` : sql`is not null`} and ${matchCommon(sql, choice)}`;
}

/** @returns undefined when no finished task is meant. */
export function matchFinished(sql: Sql, choice: Choice): Condition | undefined {
  const states = choice.states.filter((state) => state !== "pending" && state !== "running");
  if (states.length === 0) return undefined;
  return sql`state = any(${states}::text[])
    ${/* In the words of the index of the unsuccessful ones. */ states.includes("succeeded") ? sql`` : sql`and state <> 'succeeded'`}
    ${choice.olderThanMs === undefined ? sql`` : sql`and finished_at < now() - ${choice.olderThanMs}::float8 * interval '1 ms'`}
    and ${matchCommon(sql, choice)}`;
}

function matchCommon(sql: Sql, { name, queue, batchId }: Choice): Condition {
  return sql`true
    ${name === undefined ? sql`` : sql`and name = ${name}`}
    ${queue === undefined ? sql`` : sql`and queue = ${queue}`}
    ${batchId === undefined ? sql`` : sql`and batch_id = ${batchId}`}`;
}
