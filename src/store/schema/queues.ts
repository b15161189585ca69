/** The lanes, and what bounds or stops them. */
import { sql } from "drizzle-orm";
import { boolean, integer, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import type { HistoryRule } from "../../task/doors/queue.ts";
import { id, instant, schema, word } from "./columns.ts";

/** A named lane. A row appears with the first task that names it. */
export const queue = schema.table("queue", {
  name: word("name").primaryKey(),
  paused: boolean("paused").notNull().default(false),
  /** It has a row in `queue_limit`: the ordinary claim leaves it to `claim-limited.ts`. */
  limited: boolean("limited").notNull().default(false),
  /** It has a row in `queue_hold`: nothing is claimed from it. */
  held: boolean("held").notNull().default(false),
  /** Which of its finished tasks have a row of the history; see `Queue`. */
  history: word("history").$type<HistoryRule>().notNull().default("all"),
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
