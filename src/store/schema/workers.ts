/** Who runs tasks. */
import { integer, text } from "drizzle-orm/pg-core";
import { id, instant, schema } from "./columns.ts";

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
