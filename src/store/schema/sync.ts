/** Companies, and what has become of their records. */
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, primaryKey, text } from "drizzle-orm/pg-core";
import type { RecordKind, RecordStatus } from "../../task/sync/record.ts";
import { id, instant, schema, word } from "./columns.ts";

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
