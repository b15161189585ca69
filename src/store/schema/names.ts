/** What is called by its name in SQL, apart from the tables: building those takes a start's time, and few need them. */

export const schemaName = "fiscaut_tasks";

/** Applied migrations; written by `migrate.ts` alone. */
export const migrationTable = "migration";
