/**
 * The migrations of `drizzle/`, in the order of its journal, carried inside the executable as text. Applying
 * them is `migrate.ts`'s work; a test compares this list with the journal.
 */
import tables from "../../../drizzle/0000_tables.sql" with { type: "text" };
import storage from "../../../drizzle/0001_storage.sql" with { type: "text" };
import sqlDoor from "../../../drizzle/0002_sql_door.sql" with { type: "text" };
import sync from "../../../drizzle/0003_sync.sql" with { type: "text" };
import claimAhead from "../../../drizzle/0004_claim_ahead.sql" with { type: "text" };
import queueHistory from "../../../drizzle/0005_queue_history.sql" with { type: "text" };
import sqlDoorWake from "../../../drizzle/0006_sql_door_wake.sql" with { type: "text" };
import sqlDoorMany from "../../../drizzle/0007_sql_door_many.sql" with { type: "text" };

export interface Migration {
  /** The file's name without `.sql`; its number gives the order. */
  name: string;
  sql: string;
}

export const migrations: readonly Migration[] = [
  { name: "0000_tables", sql: tables },
  { name: "0001_storage", sql: storage },
  { name: "0002_sql_door", sql: sqlDoor },
  { name: "0003_sync", sql: sync },
  { name: "0004_claim_ahead", sql: claimAhead },
  { name: "0005_queue_history", sql: queueHistory },
  { name: "0006_sql_door_wake", sql: sqlDoorWake },
  { name: "0007_sql_door_many", sql: sqlDoorMany },
];

/**
 * The first line of a migration that takes away what executables before it use. All others only add, so that old workers
 * go on, and start again, beside new ones; what is to go, goes one release after nothing uses it any more.
 */
export const endsOlderMark = "-- ends older executables";
