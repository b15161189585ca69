/**
 * The tables, as Drizzle models them; `drizzle/` holds the migrations generated from here. What Drizzle can't
 * say (partitions, fill factor, autovacuum) stands in the custom migration beside them.
 *
 * Why it looks as it does, each point measured:
 * - a claim writes no indexed column, so it stays a heap-only update (half the cost): whether a task runs is
 *   told by `worker_id`, which no index and no index predicate mentions;
 * - due and future tasks are apart (`due`): a million future ones do not lie in the claim's way;
 * - finished tasks leave `task` for `task_history`, so the hot table stays small.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  customType,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import type { After } from "../task/doors/after.ts";
import type { NewTask } from "../task/doors/new-task.ts";
import type { MissedPolicy } from "../task/doors/schedule.ts";
import type { RecordKind, RecordStatus } from "../task/sync/record.ts";
import type { AttemptError, FinishedState, Progress } from "../task/task.ts";
import type { LogLine } from "../task/task-log.ts";
import type { Repeat } from "../task/time/repeat.ts";

export const schemaName = "fiscaut_tasks";
const schema = pgSchema(schemaName);

/** Compared by bytes: equality and order need no locale, and its index is the cheapest. */
const word = customType<{ data: string }>({ dataType: () => `text collate "C"` });
const instant = (name: string) => timestamp(name, { withTimezone: true });
const id = (name: string) => bigint(name, { mode: "number" });

/** A named lane. A row appears with the first task that names it. */
export const queue = schema.table("queue", {
  name: word("name").primaryKey(),
  paused: boolean("paused").notNull().default(false),
  /** It has a row in `queue_limit`: the ordinary claim leaves it to `claim-limited.ts`. */
  limited: boolean("limited").notNull().default(false),
  /** It has a row in `queue_hold`: nothing is claimed from it. */
  held: boolean("held").notNull().default(false),
  createdAt: instant("created_at").notNull().defaultNow(),
});

/**
 * What bounds a queue across all workers. Apart from `queue`, because its row is locked and written by every claim of
 * that queue, and the other queues' claims read `queue`.
 */
export const queueLimit = schema.table("queue_limit", {
  queue: word("queue").primaryKey(),
  maxRunning: integer("max_running"),
  rateCount: integer("rate_count"),
  ratePeriodMs: integer("rate_period_ms"),
  /** The tasks that ran when the limits were set have their slots; nothing is claimed before. */
  settled: boolean("settled").notNull().default(false),
  /** The instants of the newest starts, as many as the rate has to look back on. */
  starts: timestamp("starts", { withTimezone: true }).array().notNull().default(sql`'{}'`),
});

/**
 * One row an execution that counts against its queue's `max_running`. It counts as long as that execution, which
 * (task, attempt, worker) names, is under way: whatever ends it need not know of this table.
 */
export const queueSlot = schema.table(
  "queue_slot",
  {
    queue: word("queue").notNull(),
    taskId: id("task_id").notNull(),
    attempt: integer("attempt").notNull(),
    workerId: id("worker_id").notNull(),
  },
  (t) => [primaryKey({ columns: [t.queue, t.taskId] })],
);

/**
 * Why a worker holds a queue: what its tasks need is away. Unlike a pause, which is an operator's, a hold ends by itself:
 * at `until` or, where that is null, when what is away answers a worker that asks at `next_probe_at`.
 */
export const queueHold = schema.table("queue_hold", {
  queue: word("queue").primaryKey(),
  reason: text("reason").notNull(),
  since: instant("since").notNull().defaultNow(),
  until: instant("until"),
  nextProbeAt: instant("next_probe_at"),
  /** Probes that have failed; they grow rarer. */
  probes: integer("probes").notNull().default(0),
});

/** One row a running process. Its lease is `heartbeat_at + lease_ms`; when that is past, its tasks are rescued. */
export const worker = schema.table("worker", {
  id: id("id").primaryKey().generatedAlwaysAsIdentity(),
  startedAt: instant("started_at").notNull().defaultNow(),
  heartbeatAt: instant("heartbeat_at").notNull().defaultNow(),
  leaseMs: integer("lease_ms").notNull(),
  pid: integer("pid").notNull(),
  host: text("host").notNull(),
  version: text("version").notNull(),
});

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

/** A company of the accounting office, as it was read last. Records of one that is not enabled are not sent. */
export const company = schema.table("company", {
  code: id("code").primaryKey(),
  enabled: boolean("enabled").notNull().default(false),
  /** Bare, as the API knows it. Null, as the name: it was enabled, and not read yet. */
  document: text("document"),
  name: text("name"),
  /** It was enabled or disabled, or had another document or name. */
  changedAt: instant("changed_at").notNull().defaultNow(),
});

/** When a kind of a company's records was read last: an older reading that ends later changes nothing. */
export const syncReading = schema.table(
  "sync_reading",
  {
    company: id("company").notNull(),
    kind: word("kind").$type<RecordKind>().notNull(),
    /** The instant before its first row was read. */
    readAt: instant("read_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.company, t.kind] })],
);

/**
 * What has become of each record of the source. A row's locks order what syncs and attempts do to it: a sync that finds
 * a live task in charge (`task_id`, in_progress) leaves the new content to it, and an attempt that has sent an older
 * content than the row's sends again. A reading that finds a record unchanged does not write its row.
 */
export const syncRecord = schema.table(
  "sync_record",
  {
    company: id("company").notNull(),
    kind: word("kind").$type<RecordKind>().notNull(),
    code: word("code").notNull(),
    /** Its content, or its reason to be skipped, is this since. */
    changedAt: instant("changed_at").notNull().defaultNow(),
    /** It is in the source no more. */
    missingSince: instant("missing_since"),
    /** The task in charge of it, or the last that was. */
    taskId: id("task_id"),
    attemptedAt: instant("attempted_at"),
    syncedAt: instant("synced_at"),
    /** Of the last attempt; null: no answer came. */
    httpStatus: integer("http_status"),
    /** As it was written; whoever reads it asks `sync/effective-status.ts`. */
    status: word("status").$type<RecordStatus>().notNull(),
    name: text("name").notNull(),
    /** What the API tells it from others of its kind by; of records that share it one is sent. Null: it is skipped. */
    identity: text("identity"),
    /** The body that the API is to be sent; null: it is skipped. */
    content: jsonb("content").$type<Record<string, string>>(),
    contentHash: text("content_hash"),
    /** Of the content that the API has taken last. */
    syncedHash: text("synced_hash"),
    /** A skipped one's reason, as it is counted. */
    skipReason: word("skip_reason"),
    /** For a person: why it is skipped, or what the last attempt came to. */
    message: text("message"),
    /** The API's last answer as it came, its beginning. */
    response: text("response"),
  },
  (t) => [
    primaryKey({ columns: [t.company, t.kind, t.code] }),
    // Totals of a million records come from it alone, in its order.
    index("sync_record_totals").on(t.company, t.kind, t.status, t.missingSince),
    // A status's newest ones; the expression is `latest` in `sync/records.ts`.
    index("sync_record_newest").on(
      t.status,
      sql`greatest(changed_at, attempted_at, missing_since) desc`,
      t.company,
      t.kind,
      t.code,
    ),
    index("sync_record_missing")
      .on(sql`greatest(changed_at, attempted_at, missing_since) desc`, t.company, t.kind, t.code)
      .where(sql`missing_since is not null`),
    // Beside the live tasks, in their order: whose task is gone.
    index("sync_record_in_charge")
      .on(t.taskId, t.company, t.kind, t.code, t.changedAt, t.attemptedAt)
      .where(sql`status = 'in_progress' and missing_since is null`),
  ],
);

/** Applied migrations; written by `migrate.ts` alone. */
export const migrationTable = "migration";
