/**
 * Enqueues the records of a company that have to be sent and that no task is in charge of, as one batch, and notes each
 * as under way.
 */
import { checkStorableTask, longestTitle } from "../../task/doors/new-task.ts";
import { storableText } from "../../task/storable.ts";
import { prioritySpan, type Reading } from "../../task/sync/reading.ts";
import {
  fiscautQueue,
  kindPlurals,
  type RecordKind,
  recordKinds,
  sendTaskName,
} from "../../task/sync/record.ts";
import { type InsertedBatch, insertBatch } from "../enqueue/insert-batch.ts";
import { type TaskChunk, toChunk } from "../enqueue/task-chunk.ts";
import type { Sql } from "../sql.ts";
import { hasToBeSent, isUnderWay } from "./effective-status.ts";
import type { SkippedCount } from "./stage-reading.ts";

/** Rows fetched at once, and stored. */
const portion = 1000;

export interface EnqueuedRecords {
  /** Undefined: there was nothing to send. */
  batch: InsertedBatch | undefined;
  enqueued: Map<RecordKind, number>;
}

/** @param sql a transaction's, in which the company's row is locked. */
export async function enqueueRecords(
  sql: Sql,
  reading: Reading,
  skipped: SkippedCount[],
): Promise<EnqueuedRecords> {
  const enqueued = new Map<RecordKind, number>();
  const tasks = tasksToSend(sql, reading, enqueued);
  const first = await tasks.next();
  if (first.done) return { batch: undefined, enqueued };
  const batch = await insertBatch(
    sql,
    { title: titleOf(reading), skipped: addUp(skipped), enqueuedBy: reading.enqueuedBy },
    // Whoever reads again finds the records under way: nothing needs to find this batch.
    null,
    startingWith(first.value, tasks),
  );
  if (batch === undefined) throw new Error("a batch without a key was there already");
  await noteUnderWay(sql, reading, batch.id);
  return { batch, enqueued };
}

/** In the order of kinds and codes. The rows stay locked: an attempt that takes one up meanwhile waits, and finds it taken. */
async function* tasksToSend(
  sql: Sql,
  { company, kinds, priority }: Reading,
  enqueued: Map<RecordKind, number>,
): AsyncGenerator<TaskChunk> {
  for (const kind of kinds) {
    let lastCode = "";
    for (;;) {
      const rows = await sql<{ code: string; name: string }[]>`
        select code, name from fiscaut_tasks.sync_record r
        where company = ${company.code} and kind = ${kind} and code > ${lastCode}
          and ${hasToBeSent(sql, "r")} and not ${isUnderWay(sql, "r")}
        order by code limit ${portion}
        for no key update`;
      const tasks = rows.map(({ code, name }) =>
        checkStorableTask({
          name: sendTaskName(kind),
          payload: { company: company.code, code },
          queue: fiscautQueue,
          priority: priority + prioritySpan - recordKinds.indexOf(kind),
          title: `${code} ${name}`.slice(0, longestTitle).toWellFormed(),
        }),
      );
      if (tasks.length > 0) yield toChunk(tasks);
      enqueued.set(kind, (enqueued.get(kind) ?? 0) + rows.length);
      const last = rows.at(-1);
      if (last === undefined || rows.length < portion) break;
      lastCode = last.code;
    }
  }
}

async function noteUnderWay(sql: Sql, { company, kinds }: Reading, batchId: number): Promise<void> {
  for (const kind of kinds)
    await sql`
      update fiscaut_tasks.sync_record r set status = 'in_progress', task_id = t.id
      from fiscaut_tasks.task t
      where t.batch_id = ${batchId} and t.name = ${sendTaskName(kind)}
        and r.company = ${company.code} and r.kind = ${kind} and r.code = t.payload ->> 'code'`;
}

function titleOf({ company, kinds }: Reading): string {
  const what =
    kinds.length === recordKinds.length ? "records" : kinds.map((kind) => kindPlurals[kind]).join(", ");
  return storableText(`${what} of ${company.code} ${company.name}`.slice(0, longestTitle), longestTitle);
}

function addUp(skipped: SkippedCount[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { reason, count } of skipped) sums[reason] = (sums[reason] ?? 0) + count;
  return sums;
}

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}
