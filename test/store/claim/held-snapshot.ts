/** A transaction that holds vacuum's horizon back, as pg_dump does: nothing that dies after its begin can be removed. */
import { openStore } from "../../../src/store/connection.ts";
import type { Sql } from "../../../src/store/sql.ts";

/** @returns what ends it. */
export async function holdSnapshot(url: string): Promise<() => Promise<void>> {
  const store = openStore({ url, applicationName: "fiscaut-tasks test", maxConnections: 1 });
  const ends = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const transaction = store.sql.begin("isolation level repeatable read", async (sql) => {
    await (sql as unknown as Sql)`select count(*) from fiscaut_tasks.task`;
    begun.resolve();
    await ends.promise;
  });
  await Promise.race([begun.promise, transaction]);
  return async () => {
    ends.resolve();
    await transaction;
    await store.close();
  };
}
