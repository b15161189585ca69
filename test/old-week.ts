/** A week of cancelled tasks that is long past, for prunes to find. */
import type { Store } from "../src/store/connection.ts";

export const oldWeek = {
  state: "cancelled",
  name: "task_history_cancelled_2020w01",
  from: "2019-12-30T00:00:00Z",
  to: "2020-01-06T00:00:00Z",
} as const;

export async function addOldWeek({ sql }: Pick<Store, "sql">): Promise<void> {
  const name = sql.unsafe(`fiscaut_tasks.${oldWeek.name}`);
  await sql`create table ${name} (like fiscaut_tasks.task_history including all)`;
  await sql`
    alter table fiscaut_tasks.task_history_cancelled attach partition ${name}
    for values from (${sql.unsafe(`'${oldWeek.from}'`)}) to (${sql.unsafe(`'${oldWeek.to}'`)})`;
}
