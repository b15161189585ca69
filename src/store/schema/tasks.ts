/** Tasks, live and finished, and what they come from: batches and schedules. */
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { After } from "../../task/doors/after.ts";
import type { NewTask } from "../../task/doors/new-task.ts";
import type { MissedPolicy } from "../../task/doors/schedule.ts";
import type { AttemptError, FinishedState, Progress } from "../../task/task.ts";
import type { LogLine } from "../../task/task-log.ts";
import type { Repeat } from "../../task/time/repeat.ts";
import { id, instant, schema, word } from "./columns.ts";

export const batch = schema.table("batch", {
  id: id("id").primaryKey().generatedAlwaysAsIdentity(),
  /** The task that enqueued it. */
  enqueuedBy: id("enqueued_by"),
  createdAt: instant("created_at").notNull().defaultNow(),
  total: integer("total").notNull(),
  title: text("title").notNull(),
  /** So that whoever enqueues it again, a repeated attempt above all, finds it instead of doubling it. */
  key: word("key").unique(),
  /** What was left out of it and why, by reason. */
  skipped: jsonb("skipped").$type<Record<string, number>>().notNull(),
});

/** A cron rule, and the task that each of its ticks enqueues. */
export const schedule = schema.table(
  "schedule",
  {
    id: id("id").primaryKey().generatedAlwaysAsIdentity(),
    name: word("name").notNull().unique(),
    /** The first tick not yet dealt with; null when the rule never comes again. Whoever moves it on enqueues the task. */
    nextTickAt: instant("next_tick_at"),
    lastTickAt: instant("last_tick_at"),
    createdAt: instant("created_at").notNull().defaultNow(),
    paused: boolean("paused").notNull().default(false),
    cron: text("cron").notNull(),
    timeZone: text("time_zone").notNull(),
    missed: word("missed").$type<MissedPolicy>().notNull(),
    /** The configuration file that defines it, `host:path`; null: somebody has added it. */
    file: text("file"),
    task: jsonb("task").$type<NewTask>().notNull(),
  },
  (t) => [index("schedule_next_tick").on(t.nextTickAt).where(sql`not paused`)],
);

/** Columns that a task keeps from the cradle to the history; the wide ones last. */
const taskColumns = {
  runAt: instant("run_at").notNull(),
  createdAt: instant("created_at").notNull().defaultNow(),
  startedAt: instant("started_at"),
  workerId: id("worker_id"),
  batchId: id("batch_id"),
  priority: integer("priority").notNull(),
  attempt: integer("attempt").notNull().default(0),
  maxAttempts: integer("max_attempts").notNull(),
  timeoutMs: integer("timeout_ms"),
  /** The schedule that enqueued it. */
  scheduleId: id("schedule_id"),
  /** The instant that it was meant for, where something depends on that: of a repeating task, or a schedule's tick. */
  plannedAt: instant("planned_at"),
};

const wideTaskColumns = {
  queue: word("queue").notNull(),
  name: word("name").notNull(),
  title: text("title"),
  /** Tasks of one key run one at a time, see `blocked`. */
  serialKey: word("serial_key"),
  /** No two live tasks have the same; see `task/doors/key.ts`. */
  key: word("key"),
  backoff: text("backoff"),
  /** What it waits for, or has waited for; what of that is still open stands in `task_after`. */
  after: jsonb("after").$type<After>(),
  payload: jsonb("payload").notNull(),
  repeat: jsonb("repeat").$type<Repeat>(),
  progress: jsonb("progress").$type<Progress>(),
  errors: jsonb("errors").$type<AttemptError[]>(),
  /** Its newest lines, the oldest first; see `task/task-log.ts`. */
  log: jsonb("log").$type<LogLine>().array(),
};

/** Live tasks only: pending (`worker_id` null) and running. */
export const task = schema.table(
  "task",
  {
    id: id("id").primaryKey().generatedAlwaysAsIdentity(),
    ...taskColumns,
    /** Its `run_at` has come. Set at the insert or by the promoter; running tasks keep it. */
    due: boolean("due").notNull(),
    /** For tasks or batches, see `task_after`. It is then pending and not due; running tasks never wait. */
    waiting: boolean("waiting").notNull().default(false),
    /** A running task is to be aborted by its worker. */
    cancelRequested: boolean("cancel_requested").notNull().default(false),
    /** An earlier live task has its `serial_key`. Kept by the triggers of `0001_storage.sql` alone, whoever inserts or deletes. */
    blocked: boolean("blocked").notNull().default(false),
    /** An equal one has taken this running task's key and place: it may finish, but runs no second time. */
    superseded: boolean("superseded"),
    ...wideTaskColumns,
    /** Of a running task: see `ClaimedTask.mayWait`. false, also of a pending one: a worker that had it ahead has died. */
    ahead: boolean("ahead"),
    /**
     * Its row goes to the history also where its queue keeps no succeeded tasks: others wait for it, or an operator has
     * brought it back. Set at the commit of whoever waits, by a trigger of `0005_queue_history.sql`.
     */
    keep: boolean("keep"),
  },
  (t) => [
    // The claim's order, lane by lane: a lane that a worker has no handler for costs it nothing.
    index("task_claim")
      .on(t.queue, t.name, t.priority.desc().nullsFirst(), t.runAt, t.id)
      .where(sql`due and not blocked`),
    index("task_future").on(t.runAt).where(sql`not due and not blocked and not waiting`),
    index("task_waiting").on(t.id).where(sql`waiting`),
    // At most one task of a key is not blocked, whatever else goes wrong.
    uniqueIndex("task_serial_head").on(t.serialKey).where(sql`serial_key is not null and not blocked`),
    index("task_serial_blocked").on(t.serialKey, t.id).where(sql`blocked`),
    uniqueIndex("task_key").on(t.key).where(sql`key is not null`),
    index("task_batch").on(t.batchId, t.id).where(sql`batch_id is not null`),
  ],
);

/**
 * What waiting tasks still wait for: a row a task or batch that has not succeeded yet, found from there when that
 * ends. Those of a task that waits no more, however that came, are nobody's and are swept up by `release.ts`.
 */
export const taskAfter = schema.table(
  "task_after",
  {
    taskId: id("task_id").notNull(),
    afterTaskId: id("after_task_id"),
    afterBatchId: id("after_batch_id"),
  },
  (t) => [
    index("task_after_waiting").on(t.taskId),
    index("task_after_task").on(t.afterTaskId).where(sql`after_task_id is not null`),
    index("task_after_batch").on(t.afterBatchId).where(sql`after_batch_id is not null`),
  ],
);

/**
 * Finished tasks, under the id that they had. Partitioned by state, and below by the week of `finished_at`, so that
 * each state's old rows go by dropping a table. The primary key, the id alone, is each partition's own: one of the
 * whole would have to hold the partition keys too, at twice the size, and would not make the id alone unique either.
 */
export const taskHistory = schema.table(
  "task_history",
  {
    id: id("id").notNull(),
    ...taskColumns,
    finishedAt: instant("finished_at").notNull().defaultNow(),
    state: word("state").$type<FinishedState>().notNull(),
    ...wideTaskColumns,
    result: jsonb("result"),
  },
  (t) => [
    // State and instant are in it so that a batch's totals and its pace come from the index alone.
    index("task_history_batch").on(t.batchId, t.id, t.state, t.finishedAt).where(sql`batch_id is not null`),
  ],
);

/**
 * When the SQL door last announced, in ms since 1970: a sequence, since what is written there shows before the commit and
 * stays without one.
 */
export const announcedAt = schema.sequence("announced_at");
