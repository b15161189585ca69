/** Our schema, and the columns that its tables are made of. */
import { bigint, customType, pgSchema, timestamp } from "drizzle-orm/pg-core";
import { schemaName } from "./names.ts";

export const schema = pgSchema(schemaName);

/** Compared by bytes: equality and order need no locale, and its index is the cheapest. */
export const word = customType<{ data: string }>({ dataType: () => `text collate "C"` });
export const instant = (name: string) => timestamp(name, { withTimezone: true });
export const id = (name: string) => bigint(name, { mode: "number" });
